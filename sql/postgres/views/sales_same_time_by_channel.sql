-- One row is the sales of one channel in the store's today, or at the same elapsed time (whole 10 seconds) of yesterday
--   or of the same weekday last week. Periods without data have no rows.
--   | 一行是一个渠道在今天、或在昨日／上周同日同一已过时长（整 10 秒）内的销售；数据不齐的时段没有行。
-- grain: period, channel
-- whole_day_gross_amount: Gross sales of the period's whole day. | 该时段所在整日的 GMV。 | minor units; additive
CREATE VIEW tally.sales_same_time_by_channel AS
WITH cut AS (
    -- closed sums answer up to the last whole 5 minutes; the rest is read from the 10-second windows
    SELECT p.*, date_bin('5 minutes', p.until_at, '2000-01-01 00:00+00') AS five_at
    FROM tally.comparison_periods AS p
)

SELECT
    p.period,
    a.channel,
    sum(a.gross_amount)::numeric AS gross_amount,
    sum(a.discount_amount)::numeric AS discount_amount,
    sum(a.refund_amount)::numeric AS refund_amount,
    sum(a.gross_amount - a.discount_amount - a.refund_amount)::numeric AS net_amount,
    sum(a.orders)::bigint AS orders,
    sum(a.lines)::bigint AS lines,
    sum(a.units)::bigint AS units,
    sum(a.refunded_units)::bigint AS refunded_units,
    sum(a.whole_day_gross_amount)::numeric AS whole_day_gross_amount
FROM cut AS p
CROSS JOIN LATERAL (
    SELECT s.channel, s.gross_amount, s.discount_amount, s.refund_amount, s.orders, s.lines, s.units, s.refunded_units,
        s.gross_amount AS whole_day_gross_amount
    FROM tally.sales_parts_5m AS s
    WHERE s.window_start >= p.start_at AND s.window_start < p.five_at
    UNION ALL
    SELECT t.channel, t.gross_amount, t.discount_amount, t.refund_amount, t.orders, t.lines, t.units, t.refunded_units,
        0
    FROM tally.sales_10s AS t
    WHERE t.window_start >= p.five_at AND t.window_start < p.until_at
    UNION ALL
    SELECT r.channel, 0, 0, 0, 0, 0, 0, 0, r.gross_amount
    FROM tally.sales_parts_5m AS r
    WHERE r.window_start >= p.five_at AND r.window_start < p.end_at
) AS a
GROUP BY p.period, a.channel;

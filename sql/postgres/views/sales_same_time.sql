-- One row is the sales of one channel and region in the store's today, or at the same elapsed time (whole 10 seconds)
--   of yesterday or of the same weekday last week. Periods without data have no rows.
--   | 一行是一个渠道、一个地区在今天、或在昨日／上周同日同一已过时长（整 10 秒）内的销售；数据不齐的时段没有行。
-- grain: period, channel, region
CREATE VIEW tally.sales_same_time AS
WITH cut AS (
    -- closed sums answer up to the last whole quarter; the rest is read from the 10-second windows
    SELECT p.*, date_bin('15 minutes', p.until_at, '2000-01-01 00:00+00') AS quarter_at
    FROM tally.comparison_periods AS p
)

SELECT
    p.period,
    a.channel,
    a.region,
    sum(a.gross_amount)::numeric AS gross_amount,
    sum(a.discount_amount)::numeric AS discount_amount,
    sum(a.refund_amount)::numeric AS refund_amount,
    sum(a.gross_amount - a.discount_amount - a.refund_amount)::numeric AS net_amount,
    sum(a.orders)::bigint AS orders,
    sum(a.lines)::bigint AS lines,
    sum(a.units)::bigint AS units,
    sum(a.refunded_units)::bigint AS refunded_units
FROM cut AS p
CROSS JOIN LATERAL (
    SELECT s.channel, s.region, s.gross_amount, s.discount_amount, s.refund_amount, s.orders, s.lines, s.units,
        s.refunded_units
    FROM tally.sales_parts_15m AS s
    WHERE s.window_start >= p.start_at AND s.window_start < p.quarter_at
    UNION ALL
    SELECT t.channel, t.region, t.gross_amount, t.discount_amount, t.refund_amount, t.orders, t.lines, t.units,
        t.refunded_units
    FROM tally.sales_10s AS t
    WHERE t.window_start >= p.quarter_at AND t.window_start < p.until_at
) AS a
GROUP BY p.period, a.channel, a.region;

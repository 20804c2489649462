-- One row is the sales of one hour of the store's day in one channel and region; hours count from the store's midnight,
--   so a day that changes its clock has 23 or 25 of them. Name a store_day to read one day only.
--   | 一行是一个渠道、一个地区在门店日内一小时的销售；小时自门店零点起计，夏令时切换日有 23 或 25 小时。
-- grain: window_start, channel, region
CREATE VIEW tally.sales_by_hour AS
SELECT
    a.window_start,
    a.channel,
    a.region,
    d.store_day,
    a.gross_amount,
    a.discount_amount,
    a.refund_amount,
    a.gross_amount - a.discount_amount - a.refund_amount AS net_amount,
    a.orders,
    a.lines,
    a.units,
    a.refunded_units,
    tally.major_units(a.gross_amount, x.minor_digits) AS gross_sales,
    tally.major_units(a.discount_amount, x.minor_digits) AS discounts,
    tally.major_units(a.refund_amount, x.minor_digits) AS refunds,
    tally.major_units(a.gross_amount - a.discount_amount - a.refund_amount, x.minor_digits) AS net_sales
FROM tally.store_days AS d
CROSS JOIN LATERAL (
    SELECT
        date_bin('1 hour', s.window_start, d.day_start) AS window_start,
        s.channel,
        s.region,
        sum(s.gross_amount)::numeric AS gross_amount,
        sum(s.discount_amount)::numeric AS discount_amount,
        sum(s.refund_amount)::numeric AS refund_amount,
        sum(s.orders)::bigint AS orders,
        sum(s.lines)::bigint AS lines,
        sum(s.units)::bigint AS units,
        sum(s.refunded_units)::bigint AS refunded_units
    FROM tally.sales_parts_15m AS s
    WHERE s.window_start >= d.day_start AND s.window_start < d.day_end
    GROUP BY date_bin('1 hour', s.window_start, d.day_start), s.channel, s.region
) AS a
CROSS JOIN tally.store_settings AS x;

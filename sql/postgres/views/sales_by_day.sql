-- One row is the sales of one store day in one channel and region. | 一行是一个渠道、一个地区在一个门店日的销售。
-- grain: store_day, channel, region
CREATE VIEW tally.sales_by_day AS
SELECT
    d.store_day,
    a.channel,
    a.region,
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
    GROUP BY s.channel, s.region
) AS a
CROSS JOIN tally.store_settings AS x;

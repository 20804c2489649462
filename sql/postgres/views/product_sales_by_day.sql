-- One row is the sales of one SKU in one store day, all channels. | 一行是一个 SKU 在一个门店日的销售（全部渠道）。
-- grain: store_day, sku
CREATE VIEW tally.product_sales_by_day AS
SELECT
    d.store_day,
    a.sku,
    p.name_en,
    p.name_zh,
    coalesce(p.category, 'unknown') AS category,
    a.gross_amount,
    a.discount_amount,
    a.refund_amount,
    a.gross_amount - a.discount_amount - a.refund_amount AS net_amount,
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
        f.sku,
        sum(f.gross_amount)::numeric AS gross_amount,
        sum(f.discount_amount)::numeric AS discount_amount,
        sum(f.refund_amount)::numeric AS refund_amount,
        sum(f.lines)::bigint AS lines,
        sum(f.sold)::bigint AS units,
        sum(f.refunded_units)::bigint AS refunded_units
    FROM tally.stock_flow_1m AS f
    WHERE f.window_start >= d.day_start AND f.window_start < d.day_end
    GROUP BY f.sku
    HAVING sum(f.lines) <> 0 OR sum(f.refunded_units) <> 0 OR sum(f.refund_amount) <> 0
) AS a
LEFT JOIN tally.products AS p ON p.sku = a.sku
CROSS JOIN tally.store_settings AS x;

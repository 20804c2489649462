-- One row is the movements of one SKU in one warehouse in one store day. | 一行是一个 SKU 在一个仓库一个门店日内的库存变动。
-- grain: store_day, sku, warehouse_id
CREATE VIEW tally.stock_flow_by_day AS
SELECT
    d.store_day,
    a.sku,
    a.warehouse_id,
    a.sold,
    a.refunded,
    a.restocked,
    a.adjusted,
    a.shipped,
    a.unmet
FROM tally.store_days AS d
CROSS JOIN LATERAL (
    SELECT
        f.sku,
        f.warehouse_id,
        sum(f.sold)::bigint AS sold,
        sum(f.refunded)::bigint AS refunded,
        sum(f.restocked)::bigint AS restocked,
        sum(f.adjusted)::bigint AS adjusted,
        sum(f.shipped)::bigint AS shipped,
        sum(f.unmet)::bigint AS unmet
    FROM tally.stock_flow_1m AS f
    WHERE f.window_start >= d.day_start AND f.window_start < d.day_end
    GROUP BY f.sku, f.warehouse_id
) AS a;

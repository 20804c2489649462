-- One row is the movements of one SKU in one warehouse in one UTC minute. | 一行是一个 SKU 在一个仓库一分钟（UTC）内的库存变动。
-- grain: window_start, sku, warehouse_id
CREATE VIEW tally.stock_flow_by_minute AS
SELECT
    f.window_start,
    f.sku,
    f.warehouse_id,
    sum(f.sold)::bigint AS sold,
    sum(f.refunded)::bigint AS refunded,
    sum(f.restocked)::bigint AS restocked,
    sum(f.adjusted)::bigint AS adjusted,
    sum(f.shipped)::bigint AS shipped,
    sum(f.unmet)::bigint AS unmet
FROM tally.stock_flow_1m AS f
GROUP BY f.window_start, f.sku, f.warehouse_id;

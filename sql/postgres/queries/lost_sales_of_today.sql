-- One row is one SKU in one warehouse with demand today that could not be served.
-- grain: sku, warehouse_id
SELECT
    f.sku,
    f.warehouse_id,
    f.unmet
FROM tally.stock_flow_by_day AS f
WHERE f.store_day = (SELECT c.store_day FROM tally.store_clock AS c) AND f.unmet > 0
ORDER BY f.unmet DESC, f.sku, f.warehouse_id

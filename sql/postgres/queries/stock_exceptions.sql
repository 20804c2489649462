-- One row is one of the 200 most urgent SKUs × warehouses in one state and one warehouse (null: all).
-- grain: sku, warehouse_id
-- refresh: 10 s
SELECT
    x.urgency,
    x.state,
    x.sku,
    x.name_en,
    x.name_zh,
    x.warehouse_id,
    x.warehouse_name_en,
    x.warehouse_name_zh,
    x.available,
    x.hours_of_cover,
    x.stock_out_at,
    x.reorder_quantity,
    x.units_per_hour,
    x.on_hand,
    x.history
FROM tally.stock_exceptions AS x
WHERE (x.state = %(state)s OR %(state)s IS NULL) AND (x.warehouse_id = %(warehouse)s OR %(warehouse)s IS NULL)
ORDER BY x.urgency
LIMIT 200

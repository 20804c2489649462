-- One row is the median hours of cover of one category in one warehouse (null: all warehouses, each with rows of its
--   own).
-- grain: warehouse_id, category
-- refresh: 30 s
SELECT
    s.warehouse_id,
    s.warehouse_name_en AS name_en,
    s.warehouse_name_zh AS name_zh,
    s.category,
    s.median_hours_of_cover,
    s.selling_skus
FROM tally.stock_cover AS s
WHERE s.warehouse_id = %(warehouse)s OR %(warehouse)s IS NULL
ORDER BY s.warehouse_id, s.category

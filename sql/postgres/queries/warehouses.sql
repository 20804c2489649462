-- One row is one warehouse that has stock, with its names.
-- grain: warehouse_id
-- refresh: 60 s
SELECT DISTINCT
    s.warehouse_id,
    s.warehouse_name_en AS name_en,
    s.warehouse_name_zh AS name_zh
FROM tally.stock_cover AS s
ORDER BY s.warehouse_id

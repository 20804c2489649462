-- One row is one SKU in one warehouse to reorder, the soonest to run out first.
-- grain: sku, warehouse_id
SELECT
    s.sku,
    s.name_en,
    s.warehouse_id,
    s.available,
    round(s.hours_of_cover, 1) AS hours_of_cover,
    s.lead_time_hours,
    s.reorder_quantity
FROM tally.stock_on_hand AS s
WHERE s.available <= s.reorder_point AND s.reorder_quantity > 0
ORDER BY s.hours_of_cover NULLS LAST, s.sku, s.warehouse_id
LIMIT 100

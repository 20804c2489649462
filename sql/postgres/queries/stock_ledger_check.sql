-- One row, the only one, proves the ledger row by row: opening plus the movements since midnight, summed anew from the
--   minutes, must be what stock_on_hand says for every SKU × warehouse of one warehouse (null: all). A clock that is
--   minutes fast sells in tomorrow already: those movements are in the stock of now, so they belong to this sum.
-- grain: one row
-- refresh: 30 s
WITH moved AS (
    SELECT f.sku, f.warehouse_id, sum(f.restocked + f.refunded + f.adjusted - f.sold) AS quantity
    FROM tally.stock_flow_by_day AS f
    WHERE f.store_day >= (SELECT c.store_day FROM tally.store_clock AS c)
    GROUP BY f.sku, f.warehouse_id
)

SELECT
    count(*) AS compared_rows,
    count(*) FILTER (WHERE s.opening + coalesce(m.quantity, 0) <> s.available) AS unequal_rows,
    coalesce(sum(s.available), 0)::bigint AS available
FROM tally.stock_on_hand AS s
LEFT JOIN moved AS m ON m.sku = s.sku AND m.warehouse_id = s.warehouse_id
WHERE s.warehouse_id = %(warehouse)s OR %(warehouse)s IS NULL

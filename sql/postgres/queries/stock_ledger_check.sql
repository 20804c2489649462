-- One row, the only one, proves the ledger row by row: opening plus the day's movements, summed anew from the
--   minutes, must be what stock_on_hand says for every SKU × warehouse of one warehouse (null: all).
-- grain: one row
-- refresh: 30 s
SELECT
    count(*) AS compared_rows,
    count(*) FILTER (
        WHERE s.opening + coalesce(f.restocked + f.refunded + f.adjusted - f.sold, 0) <> s.available
    ) AS unequal_rows,
    coalesce(sum(s.available), 0)::bigint AS available
FROM tally.stock_on_hand AS s
LEFT JOIN tally.stock_flow_by_day AS f
    ON f.sku = s.sku AND f.warehouse_id = s.warehouse_id
    AND f.store_day = (SELECT c.store_day FROM tally.store_clock AS c)
WHERE s.warehouse_id = %(warehouse)s OR %(warehouse)s IS NULL

-- One row is the balance of one SKU in one warehouse as the public view shows it, in units; Postgres.
-- grain: sku, warehouse_id
COPY (
    SELECT sku,
           warehouse_id,
           available::bigint AS available,
           committed::bigint AS committed,
           on_hand::bigint AS on_hand
    FROM tally.stock_on_hand
) TO STDOUT (FORMAT csv, HEADER)

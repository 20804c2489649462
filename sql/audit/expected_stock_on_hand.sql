-- One row is the balance of one SKU in one warehouse as it must be, in units; DuckDB.
-- grain: key (sku, warehouse_id)
-- The view also shows SKUs of the stock policy that never moved: their balance is 0.
CREATE OR REPLACE TABLE expected_stock_on_hand AS
WITH parts AS (
    SELECT key,
           part.available AS available,
           part.committed AS committed
    FROM lines_stock_on_hand
    WHERE is_counted

    UNION ALL

    SELECT key,
           0 AS available,
           0 AS committed
    FROM found_stock_on_hand
)

SELECT key,
       {
           'available': sum(available)::BIGINT,
           'committed': sum(committed)::BIGINT,
           'on_hand': sum(available + committed)::BIGINT
       } AS measures
FROM parts
GROUP BY key

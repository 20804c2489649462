-- One row is one event with the balance it moves and by how many units; DuckDB.
-- grain: partition, offset
-- Without recorded shipments nothing is committed, and what is available is on hand.
CREATE OR REPLACE VIEW lines_stock_on_hand AS
WITH moved AS (
    SELECT *,
           CASE
               WHEN event_type = 'sale' THEN -quantity
               WHEN event_type IN ('restock', 'adjustment') THEN quantity
               WHEN event_type = 'refund' AND to_stock THEN quantity
               ELSE 0
           END AS available,
           CASE
               WHEN NOT getvariable('shipments') THEN 0
               WHEN event_type = 'sale' THEN quantity
               WHEN event_type = 'shipment' THEN -quantity
               ELSE 0
           END AS committed
    FROM events
    WHERE event_type IS NOT NULL
)

SELECT "partition",
       "offset",
       append_time_ms,
       event_id,
       is_counted,
       is_counted::INTEGER AS weight,
       {
           'sku': sku,
           'warehouse_id': warehouse_id
       } AS key,
       {
           'available': available,
           'committed': committed
       } AS part
FROM moved

-- One row is one valid record whose event_id comes more than once in the log, in the order of reading; DuckDB.
-- grain: partition, offset
-- Within a partition the offset is that order; between partitions it is the append time, made to follow the offsets.
CREATE OR REPLACE TABLE copies AS
WITH repeated AS (
    SELECT event_id
    FROM records
    WHERE broken_part IS NULL
    GROUP BY event_id
    HAVING count(*) > 1
),

timed AS (
    SELECT r.*,
           max(r.append_time_ms) OVER (
               PARTITION BY r.event_id, r."partition"
               ORDER BY r."offset"
           ) AS read_time_ms
    FROM records AS r
    SEMI JOIN repeated USING (event_id)
    WHERE r.broken_part IS NULL
)

SELECT "partition",
       "offset",
       event_id,
       append_time_ms,
       read_time_ms,
       row_number() OVER (
           PARTITION BY event_id
           ORDER BY read_time_ms, "partition", "offset"
       ) AS copy_no,
       {
           'event_type': event_type, 'event_time': event_time, 'sku': sku, 'warehouse_id': warehouse_id,
           'quantity': quantity, 'order_id': order_id, 'line_no': line_no, 'channel': channel, 'region': region,
           'unit_amount': unit_amount, 'discount_amount': discount_amount, 'buyer': buyer, 'to_stock': to_stock
       } AS content
FROM timed

-- One row is one first line of an order with the row of orders_1s it belongs to; DuckDB.
-- grain: partition, offset
CREATE OR REPLACE VIEW lines_orders_1s AS
SELECT "partition",
       "offset",
       append_time_ms,
       event_id,
       is_counted,
       is_counted::INTEGER AS weight,
       {
           'second': make_timestamp(event_time // 1000 * 1000000),
           'log_date': log_date
       } AS key,
       { 'orders': 1 } AS part
FROM events
WHERE event_type = 'sale'
  AND line_no = 1

-- One row is one first line of an order with the quarter of an hour and the second it belongs to; DuckDB.
-- grain: partition, offset
CREATE OR REPLACE VIEW lines_peak_orders_15m AS
SELECT "partition",
       "offset",
       append_time_ms,
       event_id,
       is_counted,
       is_counted::INTEGER AS weight,
       { 'window_start': make_timestamp(event_time // 900000 * 900000000) } AS key,
       { 'second': make_timestamp(event_time // 1000 * 1000000) } AS part
FROM events
WHERE event_type = 'sale'
  AND line_no = 1

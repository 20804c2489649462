-- One row is one first line of an order with the quarter of an hour and the second it belongs to; DuckDB.
-- grain: partition, offset
CREATE OR REPLACE VIEW lines_peak_orders_15m AS
SELECT "partition",
       "offset",
       append_time_ms,
       event_id,
       is_counted,
       weight,
       { 'window_start': make_timestamp(epoch_us(key.second) // 900000000 * 900000000) } AS key,
       { 'second': key.second } AS part
FROM lines_orders_1s

-- One row is one sale or refund with the five minutes of one channel it belongs to and what it adds to them; DuckDB.
-- grain: partition, offset
CREATE OR REPLACE VIEW lines_sales_parts_5m AS
SELECT "partition",
       "offset",
       append_time_ms,
       event_id,
       is_counted,
       weight,
       {
           'window_start': make_timestamp(part.event_time // 300000 * 300000000),
           'channel': key.channel
       } AS key,
       part
FROM lines_sales_10s

-- One row is one record of the log with the row of log_counts_1h it belongs to; DuckDB.
-- grain: partition, offset
CREATE OR REPLACE VIEW lines_log_counts_1h AS
SELECT "partition",
       "offset",
       append_time_ms,
       NULL::VARCHAR AS event_id,
       true AS is_counted,
       1 AS weight,
       {
           'log_hour': make_timestamp(append_time_ms // 3600000 * 3600000000),
           'log_partition': "partition"
       } AS key,
       { 'records': 1 } AS part
FROM records

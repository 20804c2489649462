-- One row is one record of the log with the row of event_counts_1h it belongs to; DuckDB.
-- grain: partition, offset
CREATE OR REPLACE VIEW lines_event_counts_1h AS
SELECT "partition",
       "offset",
       append_time_ms,
       event_id,
       is_counted,
       1 + is_counted::INTEGER AS weight,
       {
           'log_hour': make_timestamp(append_time_ms // 3600000 * 3600000000),
           'log_partition': "partition"
       } AS key,
       {
           'is_rejected': broken_part IS NOT NULL,
           'is_late': coalesce(is_late, false)
       } AS part
FROM events

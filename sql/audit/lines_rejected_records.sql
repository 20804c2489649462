-- One row is one record that breaks the contract, under its place in the log; DuckDB.
-- grain: partition, offset
CREATE OR REPLACE VIEW lines_rejected_records AS
SELECT "partition",
       "offset",
       append_time_ms,
       event_id,
       is_counted,
       1 AS weight,
       {
           'log_partition': "partition",
           'log_offset': "offset"
       } AS key,
       {
           'append_time': make_timestamp(append_time_ms * 1000),
           'topic': topic,
           'file': file,
           'file_line': line,
           'broken_part': broken_part
       } AS part
FROM events
WHERE broken_part IS NOT NULL

-- One row is one record that breaks the contract, under its place in the log; DuckDB.
-- grain: partition, offset
-- Postgres can't hold U+0000: the contract says that it stands there as its escape. How many U+FFFD stand for bytes that are
-- no UTF-8 differs from decoder to decoder, so a run of them is compared as one.
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
           'file': regexp_replace(replace(file, chr(0), '\u0000'), '\x{FFFD}+', chr(65533), 'g'),
           'file_line': line,
           'broken_part': broken_part
       } AS part
FROM events
WHERE broken_part IS NOT NULL

-- One row is one record of the log with the one row of the conservation law it belongs to; DuckDB.
-- grain: partition, offset
CREATE OR REPLACE VIEW lines_conservation AS
SELECT "partition",
       "offset",
       append_time_ms,
       event_id,
       is_counted,
       1 AS weight,
       { 'law': 'records = counted + duplicates + rejected' } AS key,
       { 'is_rejected': broken_part IS NOT NULL } AS part
FROM events

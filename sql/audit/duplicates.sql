-- One row is one valid record that does not count because a copy before it does; DuckDB.
-- grain: partition, offset
CREATE OR REPLACE TABLE duplicates AS
SELECT "partition",
       "offset"
FROM copies
ANTI JOIN counted_copies USING (event_id, copy_no)
WHERE getvariable('dedup_ms') IS NOT NULL

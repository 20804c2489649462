-- One row is one repeated event_id of which nobody can say for sure which copy the job counted, and why; DuckDB.
-- grain: event_id
-- The job forgets an id by its own clock and not by the append time, so repeats near or beyond the horizon are unsure.
CREATE OR REPLACE TABLE unsure_ids AS
SELECT event_id,
       CASE
           WHEN count(DISTINCT content) > 1 THEN 'copies differ'
           WHEN max(read_time_ms) - min(read_time_ms) >= getvariable('dedup_ms') - 3600000
               THEN 'repeated beyond the dedup horizon'
           ELSE 'copies in several partitions'
       END AS why,
       count(*) AS copy_count,
       list("partition" || ':' || "offset" ORDER BY copy_no)[:10] AS origins
FROM copies
WHERE getvariable('dedup_ms') IS NOT NULL
GROUP BY event_id
HAVING count(DISTINCT content) > 1
    OR count(DISTINCT "partition") > 1
    OR max(read_time_ms) - min(read_time_ms) >= getvariable('dedup_ms') - 3600000

-- One row is one unsure event_id that is forgotten, since every run counts the same copy of it; DuckDB.
-- grain: event_id
-- Copies that lie in one partition, within the dedup horizon, are read in one order by all runs, even where they differ.
DELETE FROM unsure_ids
WHERE event_id IN (
    SELECT event_id
    FROM copies
    GROUP BY event_id
    HAVING count(DISTINCT "partition") = 1
        AND max(read_time_ms) - min(read_time_ms) < getvariable('dedup_ms') - 3600000
)

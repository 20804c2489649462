-- Leaves of the unsure ids those of which a second run may count another copy: of copies that lie in one partition, within
-- the dedup horizon, every run reads the same one first, even where they differ; DuckDB.
-- grain: event_id
DELETE FROM unsure_ids
WHERE event_id IN (
    SELECT event_id
    FROM copies
    GROUP BY event_id
    HAVING count(DISTINCT "partition") = 1
        AND max(read_time_ms) - min(read_time_ms) < getvariable('dedup_ms') - 3600000
)

-- One row is one repeated event_id of which nobody can say for sure which copy was counted; DuckDB.
-- grain: event_id
SELECT event_id,
       why,
       copy_count,
       origins
FROM unsure_ids
WHERE why <> 'copies in several partitions'
ORDER BY why, event_id
LIMIT getvariable('most_shown')

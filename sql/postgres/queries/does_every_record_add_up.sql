-- One row is one store day whose records do not add up; no row means that all do.
-- grain: store_day
SELECT
    e.store_day,
    e.records,
    e.counted,
    e.duplicates,
    e.rejected,
    e.difference
FROM tally.event_counts_by_day AS e
WHERE e.difference <> 0
ORDER BY e.store_day

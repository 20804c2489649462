-- One row is one table or process and the age of the newest that it shows.
-- grain: table_name
-- refresh: 5 s
SELECT
    f.table_name,
    f.age_seconds,
    f.limit_seconds,
    f.is_late
FROM tally.freshness AS f
ORDER BY f.limit_seconds, f.table_name

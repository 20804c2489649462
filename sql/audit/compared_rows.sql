-- One row, the only one, is how many rows of the table at hand were compared: those expected and those found; DuckDB.
-- grain: one row
SELECT count(*) AS rows
FROM query_table(getvariable('expected')) AS e
FULL JOIN query_table(getvariable('found')) AS f
    ON f.key = e.key

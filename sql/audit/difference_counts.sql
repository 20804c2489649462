-- One row is one kind of difference in the table at hand and how many rows have it; DuckDB.
-- grain: kind
SELECT kind,
       count(*) AS rows
FROM differences
GROUP BY kind

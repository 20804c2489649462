-- One row, the only one, is what the log holds by the contract; DuckDB.
-- grain: one row
SELECT count(*) AS records,
       count(*) FILTER (WHERE is_counted) AS counted,
       count(*) FILTER (WHERE broken_part IS NULL AND NOT is_counted) AS duplicates,
       count(*) FILTER (WHERE broken_part IS NOT NULL) AS rejected
FROM events

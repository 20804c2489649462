-- One row is one row of the table at hand that records touch which need not be visible everywhere yet; DuckDB.
-- grain: key
-- weight: how many of its event_count come from those records.
CREATE OR REPLACE TABLE unsettled_keys AS
SELECT l.key,
       sum(l.weight)::BIGINT AS weight
FROM query_table(getvariable('lines')) AS l
LEFT JOIN visible AS v
    ON v."partition" = l."partition"
WHERE l.append_time_ms > getvariable('settled_before_ms')
   OR l."offset" > coalesce(v.last_offset, -1)
GROUP BY l.key

-- One row is one differing row of the table at hand, with the origins (partition:offset) of records behind it; DuckDB.
-- grain: key
WITH shown AS (
    SELECT *
    FROM differences
    ORDER BY array_position(['wrong', 'missing', 'extra', 'undecided', 'moving'], kind), to_json(key)::VARCHAR
    LIMIT getvariable('most_shown')
),

behind AS (
    SELECT l.key,
           count(*) AS record_count,
           list(l."partition" || ':' || l."offset" ORDER BY l.append_time_ms DESC, l."offset" DESC)[:20] AS origins
    FROM query_table(getvariable('lines')) AS l
    SEMI JOIN shown USING (key)
    GROUP BY l.key
)

SELECT s.kind,
       to_json(s.key)::VARCHAR AS key,
       to_json(s.expected)::VARCHAR AS expected,
       to_json(s.found)::VARCHAR AS found,
       coalesce(b.record_count, 0) AS record_count,
       coalesce(b.origins, []) AS origins
FROM shown AS s
LEFT JOIN behind AS b ON b.key = s.key
ORDER BY array_position(['wrong', 'missing', 'extra', 'undecided', 'moving'], s.kind), to_json(s.key)::VARCHAR

-- One row is one row of the table at hand that differs by which copy of an unsure event_id was counted; DuckDB.
-- grain: key
CREATE OR REPLACE TABLE undecided_keys AS
WITH touching AS (
    SELECT l.event_id,
           l.key,
           l.part
    FROM query_table(getvariable('lines')) AS l
    SEMI JOIN unsure_ids USING (event_id)
),

torn AS (
    SELECT t.event_id
    FROM touching AS t
    INNER JOIN unsure_ids AS u USING (event_id)
    GROUP BY t.event_id, u.why, u.copy_count
    -- copies that are equal here decide nothing, unless the number of counted copies is what is unsure
    HAVING count(DISTINCT {'key': t.key, 'part': t.part}) > 1
        OR count(*) < u.copy_count
        OR u.why = 'repeated beyond the dedup horizon'
)

SELECT DISTINCT t.key
FROM touching AS t
SEMI JOIN torn USING (event_id)

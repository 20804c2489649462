-- One row is one row of the table at hand that is not as it must be, with the kind of its difference; DuckDB.
-- grain: key
-- While records arrive, a row may lack those that need not be visible yet: then it is moving. One whose count can't be
-- explained by them is wrong already.
CREATE OR REPLACE TABLE differences AS
WITH unequal AS (
    SELECT coalesce(e.key, f.key) AS key,
           e.measures AS expected,
           f.measures AS found,
           CASE
               WHEN e.key IS NULL THEN 'extra'
               WHEN f.key IS NULL THEN 'missing'
               ELSE 'wrong'
           END AS kind
    FROM query_table(getvariable('expected')) AS e
    FULL JOIN query_table(getvariable('found')) AS f
        ON f.key = e.key
    WHERE e.measures IS DISTINCT FROM f.measures
       OR e.key IS NULL
       OR f.key IS NULL
),

bounded AS (
    SELECT q.*,
           u.key IS NOT NULL AS is_unsettled,
           d.key IS NOT NULL AS is_undecided,
           CASE
               WHEN q.kind = 'extra' THEN 0
               ELSE coalesce(to_json(q.expected) ->> 'event_count', to_json(q.expected) ->> 'records')::BIGINT
           END AS most,
           most - u.weight AS least,
           CASE
               WHEN q.kind = 'missing' THEN 0
               ELSE coalesce(to_json(q.found) ->> 'event_count', to_json(q.found) ->> 'records')::BIGINT
           END AS seen
    FROM unequal AS q
    LEFT JOIN unsettled_keys AS u ON u.key = q.key
    LEFT JOIN undecided_keys AS d ON d.key = q.key
)

SELECT key,
       expected,
       found,
       CASE
           WHEN is_undecided THEN 'undecided'
           WHEN is_unsettled AND coalesce(seen BETWEEN least AND most, true) THEN 'moving'
           ELSE kind
       END AS kind
FROM bounded

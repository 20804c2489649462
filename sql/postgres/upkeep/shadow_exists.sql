-- One row when there are shadow results.
-- grain: none
SELECT
    1 AS exists
FROM
    pg_namespace
WHERE
    nspname = 'tally_shadow';

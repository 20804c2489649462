-- One row: how many rows of one table were compared, and how many are missing, extra and wrong in the live copy. Names
-- are filled in, quoted.
-- grain: one row
-- a key is never null, so a row of nulls is no row
SELECT
    count(*) AS compared,
    count(*) FILTER (WHERE c IS NULL) AS missing,
    count(*) FILTER (WHERE s IS NULL) AS extra,
    count(*) FILTER (
        WHERE NOT c IS NULL AND NOT s IS NULL AND ROW({shadow_others}) IS DISTINCT FROM ROW({copy_others})
    ) AS wrong
FROM {shadow} AS s
FULL JOIN {copy} AS c USING ({key});

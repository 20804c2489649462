-- One row: how many rows of one table were compared, and how many are missing, extra and wrong in the live copy, or
-- differ by which copy of an event was read first. Names are filled in, quoted.
-- grain: one row
-- a key is never null, so a row of nulls is no row
WITH differing AS (
    SELECT
        {key},
        CASE WHEN c IS NULL THEN 'missing' WHEN s IS NULL THEN 'extra' ELSE 'wrong' END AS kind,
        ROW({shadow_others}) IS DISTINCT FROM ROW({copy_others}) OR c IS NULL OR s IS NULL AS differs
    FROM {shadow} AS s
    FULL JOIN {copy} AS c USING ({key})
)

SELECT
    count(*) AS compared,
    count(*) FILTER (WHERE d.differs AND d.kind = 'missing' AND u IS NULL) AS missing,
    count(*) FILTER (WHERE d.differs AND d.kind = 'extra' AND u IS NULL) AS extra,
    count(*) FILTER (WHERE d.differs AND d.kind = 'wrong' AND u IS NULL) AS wrong,
    count(*) FILTER (WHERE d.differs AND NOT u IS NULL) AS undecided
FROM differing AS d
LEFT JOIN {undecided} AS u USING ({key});

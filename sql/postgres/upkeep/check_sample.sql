-- One row is one row of a table that the live copy and the shadow do not have alike, though it does not depend on which
-- copy of an event was read first. Names are filled in, quoted.
-- grain: the table's key
SELECT
    CASE WHEN c IS NULL THEN 'missing' WHEN s IS NULL THEN 'extra' ELSE 'wrong' END AS kind,
    to_jsonb(s) AS expected,
    to_jsonb(c) AS found
FROM {shadow} AS s
FULL JOIN {copy} AS c USING ({key})
LEFT JOIN {undecided} AS u USING ({key})
WHERE
    ROW({shadow_others}) IS DISTINCT FROM ROW({copy_others})
    AND u IS NULL
ORDER BY {key}
LIMIT %(limit)s;

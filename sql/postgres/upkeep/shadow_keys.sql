-- One row is one table that has a shadow, with the columns of its key and the others: those of the live table, so that
-- a shadow of an older form is refused.
-- grain: table_name
SELECT
    c.relname AS table_name,
    array_agg(a.attname::text ORDER BY a.attnum) FILTER (WHERE a.attnum = ANY(k.conkey)) AS key_columns,
    array_agg(a.attname::text ORDER BY a.attnum) FILTER (WHERE a.attnum <> ALL(k.conkey)) AS other_columns
FROM
    pg_class AS c
INNER JOIN pg_constraint AS k ON k.conrelid = c.oid AND k.contype = 'p'
INNER JOIN pg_attribute AS a ON a.attrelid = c.oid AND a.attnum > 0 AND NOT a.attisdropped
WHERE
    c.relnamespace = 'tally'::regnamespace
    AND c.relname IN (SELECT s.relname FROM pg_class AS s WHERE s.relnamespace = 'tally_shadow'::regnamespace)
GROUP BY c.relname
ORDER BY c.relname;

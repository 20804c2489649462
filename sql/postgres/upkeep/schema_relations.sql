-- One row is one table or view of the schema with its columns in their order; partitions are left out.
-- grain: relname
SELECT
    c.relname,
    CASE c.relkind WHEN 'v' THEN 'VIEW' ELSE 'TABLE' END AS kind,
    array_agg(a.attname::text ORDER BY a.attnum) AS columns
FROM
    pg_class AS c
INNER JOIN pg_attribute AS a
    ON a.attrelid = c.oid AND a.attnum > 0 AND NOT a.attisdropped
WHERE
    c.relnamespace = 'tally'::regnamespace
    AND c.relkind IN ('r', 'p', 'v')
    AND NOT c.relispartition
GROUP BY c.relname, c.relkind
ORDER BY c.relname;

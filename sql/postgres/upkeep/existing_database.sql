-- One row when the server has a database of that name.
-- grain: datname
SELECT datname
FROM
    pg_database
WHERE
    datname = %(name)s;

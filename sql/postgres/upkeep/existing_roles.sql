-- One row is one of the asked roles that the server has.
-- grain: rolname
SELECT rolname
FROM
    pg_roles
WHERE
    rolname = ANY(%(names)s);

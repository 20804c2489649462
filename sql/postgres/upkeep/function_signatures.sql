-- One row is one function of the schema that has a name.
-- grain: function
SELECT oid::regprocedure::text AS signature
FROM
    pg_proc
WHERE
    pronamespace = 'tally'::regnamespace
    AND proname = %(name)s;

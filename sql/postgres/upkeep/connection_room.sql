-- How many connections the role of this session may hold (null: any number), and how many the server can give it beside
-- those that it keeps for superusers and for the readers of the views.
-- grain: one row
SELECT
    r.rolname,
    nullif(r.rolconnlimit, -1) AS role_limit,
    (
        current_setting('max_connections')::int
        - current_setting('superuser_reserved_connections')::int
        - coalesce(current_setting('reserved_connections', true)::int, 0)
        - (
            SELECT coalesce(sum(greatest(o.rolconnlimit, 0)), 0)
            FROM pg_roles AS o
            WHERE o.rolname IN ('tally_reader', 'tally_dashboard') AND o.rolname <> r.rolname
        )
    )::int AS server_room
FROM pg_roles AS r
WHERE r.rolname = current_user;

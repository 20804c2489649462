-- One row: who runs the migrations, and whether they may create roles.
-- grain: one row
SELECT
    rolname,
    rolsuper OR rolcreaterole AS may_create
FROM
    pg_roles
WHERE
    rolname = current_user;

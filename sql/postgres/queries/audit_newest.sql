-- One row is one result table in the newest finished audit; one row without a table name where it could not run.
-- grain: table_name
-- refresh: 10 s
SELECT
    a.started_at,
    a.finished_at,
    a.verdict,
    a.message,
    a.table_name,
    a.compared,
    a.missing,
    a.extra,
    a.wrong
FROM tally.last_audit AS a
ORDER BY a.table_name

-- One row is one connection over which a job may still write results.
-- grain: pid
SELECT pid
FROM
    pg_stat_activity
WHERE
    datname = current_database()
    AND application_name IN ('tally-job', 'tally-rebuild');

-- One row when a run of the job that began after a moment has shown a heartbeat within the last 30 seconds.
-- grain: none
SELECT
    1 AS is_alive
FROM
    tally.job_runs
WHERE
    started_at >= %(since)s
    AND heartbeat_at > now() - INTERVAL '30 seconds'
    AND state = 'RUNNING'
LIMIT 1;

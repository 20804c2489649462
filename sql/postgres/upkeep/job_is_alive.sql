-- One row when a run of the job has shown a heartbeat after a moment and within the last 30 seconds; on a cluster it may
--   have begun long before.
-- grain: none
SELECT
    1 AS is_alive
FROM
    tally.job_runs
WHERE
    heartbeat_at >= %(since)s
    AND heartbeat_at > now() - INTERVAL '30 seconds'
    AND state = 'RUNNING'
LIMIT 1;

-- One row, the only one, is the newest run of the job; no row before the first.
-- grain: one row
-- refresh: 5 s
SELECT
    j.state,
    j.is_alive,
    j.heartbeat_age_seconds,
    j.runs,
    extract(epoch FROM c.now_at - j.started_at) AS running_seconds
FROM tally.job_status AS j
CROSS JOIN tally.store_clock AS c

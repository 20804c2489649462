-- One row is one run of the job: its state, heartbeat and restarts.
-- grain: job_id
INSERT INTO tally.job_runs (
    job_id, name, state, started_at, heartbeat_at, restarts, resumed_from, parallelism
)
VALUES (
    %(job_id)s, %(name)s, %(state)s, %(started_at)s, %(heartbeat_at)s, %(restarts)s, %(resumed_from)s, %(parallelism)s
)
ON CONFLICT (job_id) DO UPDATE SET
    state = excluded.state,
    heartbeat_at = excluded.heartbeat_at,
    restarts = excluded.restarts;

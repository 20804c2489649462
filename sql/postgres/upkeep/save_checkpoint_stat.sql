-- One row is one checkpoint of one run of the job.
-- grain: job_id x checkpoint_id
INSERT INTO tally.checkpoint_stats (
    job_id, checkpoint_id, triggered_at, completed_at, duration_ms, size_bytes, status, path
)
VALUES (
    %(job_id)s, %(checkpoint_id)s, %(triggered_at)s, %(completed_at)s, %(duration_ms)s, %(size_bytes)s, %(status)s,
    %(path)s
)
ON CONFLICT (job_id, checkpoint_id) DO UPDATE SET
    completed_at = excluded.completed_at,
    duration_ms = excluded.duration_ms,
    size_bytes = excluded.size_bytes,
    status = excluded.status,
    path = excluded.path;

-- One row is one of the last 40 complete checkpoints, oldest first.
-- grain: job_id, checkpoint_id
-- refresh: 5 s
SELECT
    n.job_id,
    n.checkpoint_id,
    n.completed_at,
    n.age_seconds,
    n.duration_seconds,
    n.size_bytes
FROM (
    SELECT c.*
    FROM tally.checkpoints AS c
    WHERE c.status = 'COMPLETED'
    ORDER BY c.triggered_at DESC
    LIMIT 40
) AS n
ORDER BY n.completed_at

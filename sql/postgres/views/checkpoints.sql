-- One row is one checkpoint of the job, all runs. | 一行是作业的一个检查点（所有运行）。
-- grain: job_id, checkpoint_id
-- age_seconds: Since it was complete; null when it is not. | 距完成的时长；未完成为空。 | seconds; not additive
-- duration_seconds: From trigger to completion. | 从触发到完成的用时。 | seconds; not additive
CREATE VIEW tally.checkpoints AS
SELECT
    s.job_id,
    s.checkpoint_id,
    s.triggered_at,
    s.completed_at,
    extract(epoch FROM tally.store_now() - s.completed_at) AS age_seconds,
    s.duration_ms / 1000.0 AS duration_seconds,
    s.size_bytes,
    s.status,
    s.path
FROM tally.checkpoint_stats AS s;

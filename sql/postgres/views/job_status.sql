-- One row, the only one, is the newest run of the Flink job; no row before the first. | 唯一的一行：Flink 作业的最近一次运行；首次运行前没有行。
-- grain: one row
-- job_id: Run of the job. | 作业运行编号。 | text; attribute
-- name: Name of the job, as Flink shows it. | Flink 显示的作业名。 | text; attribute
-- heartbeat_age_seconds: Age of the newest sign of life. | 最近一次心跳距今的时长。 | seconds; not additive
-- is_alive: The state is RUNNING and the heartbeat is younger than 15 seconds. | 状态为 RUNNING 且心跳不超过 15 秒。 | boolean; attribute
-- runs: Runs of the job so far. | 迄今的运行次数。 | runs; not additive
CREATE VIEW tally.job_status AS
SELECT
    r.job_id,
    r.name,
    r.state,
    r.started_at,
    r.heartbeat_at,
    extract(epoch FROM tally.store_now() - r.heartbeat_at) AS heartbeat_age_seconds,
    r.state = 'RUNNING' AND r.heartbeat_at > tally.store_now() - interval '15 seconds' AS is_alive,
    r.restarts,
    r.resumed_from,
    r.parallelism,
    (SELECT count(*) FROM tally.job_runs AS a) AS runs
FROM tally.job_runs AS r
ORDER BY r.started_at DESC, r.heartbeat_at DESC
LIMIT 1;

-- One row is one run of the Flink job.
--   | 一行是 Flink 作业的一次运行。
-- grain: job_id
-- name: Name of the job, as Flink shows it.
--   | Flink 显示的作业名。
--   | text; attribute
CREATE TABLE tally.job_runs (
    job_id text PRIMARY KEY,
    name text NOT NULL,
    state text NOT NULL,
    started_at timestamptz NOT NULL,
    heartbeat_at timestamptz NOT NULL,
    restarts bigint NOT NULL DEFAULT 0,
    resumed_from text,
    parallelism int
) WITH (fillfactor = 50);

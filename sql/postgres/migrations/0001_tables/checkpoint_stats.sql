-- One row is one checkpoint of one run of the job.
--   | 一行是作业某次运行的一个检查点。
-- grain: job_id, checkpoint_id
CREATE TABLE tally.checkpoint_stats (
    job_id text NOT NULL,
    checkpoint_id bigint NOT NULL,
    triggered_at timestamptz NOT NULL,
    completed_at timestamptz,
    duration_ms bigint,
    size_bytes bigint,
    status text NOT NULL,
    path text,
    PRIMARY KEY (job_id, checkpoint_id)
) WITH (fillfactor = 70);

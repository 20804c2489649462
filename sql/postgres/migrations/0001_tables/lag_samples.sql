-- One row is one measurement of the lag, taken about once a second by the archive.
--   | 一行是归档进程约每秒一次的延迟测量。
-- grain: sampled_at
-- records: Records in the log at this moment.
--   | 此刻日志中的记录总数。
--   | records; not additive
CREATE TABLE tally.lag_samples (
    sampled_at timestamptz PRIMARY KEY,
    lag_seconds numeric NOT NULL,
    records bigint NOT NULL,
    events_per_second numeric NOT NULL
);

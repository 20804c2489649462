-- One row, the only one, is the newest measurement of the lag and its distribution over the last 5 minutes; no row before
--   the first measurement.
--   | 唯一的一行：最近一次延迟测量及最近 5 分钟的分布；首次测量前没有行。
-- grain: one row
-- sampled_at: When the newest measurement was taken. | 最近一次测量的时间。 | time, UTC instant; attribute
-- sample_age_seconds: Age of the newest measurement; when it grows, the archive has stopped. | 最近一次测量距今的时长；持续增大说明归档已停。 | seconds; not additive
-- records: Records in the log at that time. | 当时日志中的记录总数。 | records; not additive
-- p50_lag_seconds: Median of the last 5 minutes. | 最近 5 分钟的中位延迟。 | seconds; not additive
-- p95_lag_seconds: 95th percentile of the last 5 minutes. | 最近 5 分钟的 95 分位延迟。 | seconds; not additive
-- p99_lag_seconds: 99th percentile of the last 5 minutes. | 最近 5 分钟的 99 分位延迟。 | seconds; not additive
CREATE VIEW tally.lag_now AS
SELECT
    n.sampled_at,
    extract(epoch FROM tally.store_now() - n.sampled_at) AS sample_age_seconds,
    n.lag_seconds,
    n.events_per_second,
    n.records,
    d.p50_lag_seconds,
    d.p95_lag_seconds,
    d.p99_lag_seconds
FROM (
    SELECT s.*
    FROM tally.lag_samples AS s
    WHERE s.sampled_at <= tally.store_now()
    ORDER BY s.sampled_at DESC
    LIMIT 1
) AS n
CROSS JOIN LATERAL (
    SELECT
        percentile_cont(0.5) WITHIN GROUP (ORDER BY s.lag_seconds)::numeric AS p50_lag_seconds,
        percentile_cont(0.95) WITHIN GROUP (ORDER BY s.lag_seconds)::numeric AS p95_lag_seconds,
        percentile_cont(0.99) WITHIN GROUP (ORDER BY s.lag_seconds)::numeric AS p99_lag_seconds
    FROM tally.lag_samples AS s
    WHERE s.sampled_at > n.sampled_at - interval '5 minutes' AND s.sampled_at <= n.sampled_at
) AS d;

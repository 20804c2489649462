-- One row is the lag in one of the last 120 minutes; minutes without a measurement have no row.
--   | 一行是最近 120 分钟中一分钟的延迟；无测量的分钟没有行。
-- grain: minute_start
-- minute_start: Start of the minute. | 分钟起点。 | time, UTC instant; key
-- samples: Measurements in the minute, about 60. | 该分钟的测量次数，约 60。 | measurements; additive
-- p50_lag_seconds: Median. | 中位延迟。 | seconds; not additive
-- p95_lag_seconds: 95th percentile. | 95 分位延迟。 | seconds; not additive
-- p99_lag_seconds: 99th percentile. | 99 分位延迟。 | seconds; not additive
-- max_lag_seconds: Greatest. | 最大延迟。 | seconds; not additive
-- events_per_second: Mean of the minute. | 该分钟每秒写入记录数的均值。 | records per second; not additive
CREATE VIEW tally.lag_by_minute AS
SELECT
    date_bin('1 minute', s.sampled_at, '2000-01-01 00:00+00') AS minute_start,
    count(*) AS samples,
    percentile_cont(0.5) WITHIN GROUP (ORDER BY s.lag_seconds)::numeric AS p50_lag_seconds,
    percentile_cont(0.95) WITHIN GROUP (ORDER BY s.lag_seconds)::numeric AS p95_lag_seconds,
    percentile_cont(0.99) WITHIN GROUP (ORDER BY s.lag_seconds)::numeric AS p99_lag_seconds,
    max(s.lag_seconds) AS max_lag_seconds,
    avg(s.events_per_second) AS events_per_second
FROM tally.lag_samples AS s
WHERE s.sampled_at >= (
    SELECT date_bin('1 minute', tally.store_now(), '2000-01-01 00:00+00') - interval '119 minutes'
)
GROUP BY date_bin('1 minute', s.sampled_at, '2000-01-01 00:00+00');

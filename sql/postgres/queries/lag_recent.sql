-- One row, the only one, is the distribution of the lag over the last 5 minutes and the job's consumer lag over all
--   partitions; no row before the first measurement.
-- grain: one row
-- refresh: 5 s
SELECT
    l.sampled_at,
    l.p99_lag_seconds,
    (SELECT coalesce(sum(p.consumer_lag), 0) FROM tally.log_partitions AS p) AS consumer_lag
FROM tally.lag_now AS l

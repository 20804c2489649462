-- One row, the only one, is the distribution of the lag over the last 5 minutes; no row before the first
--   measurement.
-- grain: one row
-- refresh: 5 s
SELECT
    l.sampled_at,
    l.p99_lag_seconds
FROM tally.lag_now AS l

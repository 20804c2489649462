-- One row is the lag in one of the last 119 whole minutes; minutes without a measurement have no row.
-- grain: minute_start
-- refresh: 10 s
SELECT
    l.minute_start,
    l.p50_lag_seconds,
    l.p95_lag_seconds,
    l.p99_lag_seconds
FROM tally.lag_by_minute AS l
WHERE l.minute_start < (SELECT date_trunc('minute', c.now_at) FROM tally.store_clock AS c)
ORDER BY l.minute_start

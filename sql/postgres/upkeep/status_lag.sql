-- One row: the age of the oldest record that is not yet visible, in seconds, and how many offsets the job is behind.
-- grain: one row
SELECT
    lag_seconds,
    (SELECT coalesce(sum(p.consumer_lag), 0) FROM log_partitions AS p) AS consumer_lag
FROM
    store_clock;

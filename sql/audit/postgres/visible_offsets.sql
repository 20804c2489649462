-- One row is one partition of the log: the last offset that the job's results include; Postgres.
-- grain: log_partition
SELECT log_partition,
       max(last_offset) AS last_offset
FROM tally.event_counts_1h
GROUP BY log_partition

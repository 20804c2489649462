-- One row is one partition of the log: the last offset that the job's results include.
-- grain: log_partition
SELECT log_partition,
       max(last_offset) AS last_offset
FROM tally.event_counts_1h
WHERE log_hour >= %(since)s
GROUP BY log_partition

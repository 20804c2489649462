-- One row is one partition of the log and the offset up to which the shadow results have come.
-- grain: log_partition
SELECT
    log_partition,
    max(last_offset) AS counted_offset
FROM
    tally_shadow.event_counts_1h
GROUP BY log_partition;

-- One row is one partition of the log and the offsets up to which the archive and the job have come.
-- grain: log_partition
SELECT
    log_partition,
    max(archived_offset) AS archived_offset,
    max(counted_offset) AS counted_offset
FROM
    (
        SELECT log_partition, last_offset AS archived_offset, NULL AS counted_offset
        FROM tally.log_counts_1h
        UNION ALL
        SELECT log_partition, NULL, last_offset
        FROM tally.event_counts_1h
    ) AS reached
GROUP BY
    log_partition;

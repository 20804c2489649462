-- One row is one partition of the log and how far the archive and the job have come in it.
-- grain: log_partition
SELECT *
FROM
    log_partitions
ORDER BY
    log_partition;

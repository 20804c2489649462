-- One row is one row of log_counts_1h, times as UTC without a zone; Postgres.
-- grain: log_hour, log_partition
COPY (
    SELECT log_hour AT TIME ZONE 'UTC' AS log_hour,
           log_partition,
           records,
           last_offset
    FROM tally.log_counts_1h
) TO STDOUT (FORMAT csv, HEADER)

-- One row is one rejected record's place and origin, times as UTC without a zone; Postgres.
-- grain: log_partition, log_offset
COPY (
    SELECT log_partition,
           log_offset,
           append_time AT TIME ZONE 'UTC' AS append_time,
           topic,
           file,
           file_line
    FROM tally.rejected_records
) TO STDOUT (FORMAT csv, HEADER)

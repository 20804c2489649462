-- One row is one row of event_counts_1h, times as UTC without a zone; Postgres.
-- grain: log_hour, log_partition
COPY (
    SELECT log_hour AT TIME ZONE 'UTC' AS log_hour,
           log_partition,
           records,
           counted,
           rejected,
           late,
           last_offset,
           newest_append_time AT TIME ZONE 'UTC' AS newest_append_time,
           event_count
    FROM tally.event_counts_1h
) TO STDOUT (FORMAT csv, HEADER)

-- One row is the records of one hour of append time in one partition of the log.
-- grain: log_hour, log_partition
CREATE TABLE event_counts_1h (
    log_hour TIMESTAMP(3),
    log_partition INT,
    records BIGINT,
    counted BIGINT,
    rejected BIGINT,
    late BIGINT,
    last_offset BIGINT,
    newest_append_time TIMESTAMP(3),
    event_count BIGINT,
    PRIMARY KEY (log_hour, log_partition) NOT ENFORCED
) WITH (
    'connector' = 'jdbc',
    'url' = '${jdbc_url}',
    'table-name' = 'event_counts_1h',
    'sink.buffer-flush.max-rows' = '${flush_rows}',
    'sink.buffer-flush.interval' = '${flush_interval}'
)

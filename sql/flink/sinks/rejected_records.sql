-- One row is one record of the log that breaks the event contract, with its reason and origin.
-- grain: log_partition, log_offset
CREATE TABLE rejected_records (
    log_partition INT,
    log_offset BIGINT,
    append_time TIMESTAMP(3),
    reason STRING,
    line STRING,
    file STRING,
    file_line BIGINT,
    topic STRING,
    PRIMARY KEY (log_partition, log_offset) NOT ENFORCED
) WITH (
    'connector' = 'jdbc',
    'url' = '${jdbc_url}',
    'table-name' = 'rejected_records',
    'sink.buffer-flush.max-rows' = '${flush_rows}',
    'sink.buffer-flush.interval' = '${flush_interval}'
)

-- One row is one record of the log, its value untouched.
-- grain: log_partition, log_offset
CREATE TABLE raw_records (
    `value` BYTES,
    log_partition INT METADATA FROM 'partition' VIRTUAL,
    log_offset BIGINT METADATA FROM 'offset' VIRTUAL,
    append_time TIMESTAMP_LTZ(3) METADATA FROM 'timestamp' VIRTUAL,
    headers MAP<STRING, BYTES> METADATA VIRTUAL
) WITH (
    'connector' = 'kafka',
    'topic' = '${topic}',
    'properties.bootstrap.servers' = '${kafka}',
    'properties.group.id' = 'source-spike',
    'scan.startup.mode' = 'earliest-offset',
    'scan.bounded.mode' = 'latest-offset',
    'format' = 'raw'
)

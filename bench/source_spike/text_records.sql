-- One row is one record as text without loss, for the test whether it is a JSON object at all.
-- grain: log_partition, log_offset
CREATE TABLE text_records (
    `value` STRING,
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
    'format' = 'raw',
    'raw.charset' = 'ISO-8859-1'
)

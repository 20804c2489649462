-- One row is one record that Flink's own JSON format can read; every field as text, to be checked in SQL.
-- grain: log_partition, log_offset
CREATE TABLE json_records (
    event_id STRING,
    event_type STRING,
    event_time STRING,
    sku STRING,
    warehouse_id STRING,
    quantity STRING,
    currency STRING,
    order_id STRING,
    line_no STRING,
    channel STRING,
    region STRING,
    unit_amount STRING,
    discount_amount STRING,
    customer_id STRING,
    to_stock STRING,
    sent_at STRING,
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
    'format' = 'json',
    'json.ignore-parse-errors' = 'true',
    'json.decode.json-parser.enabled' = 'false'
)

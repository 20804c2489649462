-- One row is one record of the log, parsed by the event contract in one call of parse_event.
-- grain: log_partition, log_offset
-- Each field is a column of its own because the planner then calls the function once for all of them.
-- event_ts serves TUMBLE only: a rejected record has no time, and NULL would stop the job.
CREATE TABLE sales_events (
    `value` BYTES,
    log_partition INT METADATA FROM 'partition' VIRTUAL,
    log_offset BIGINT METADATA FROM 'offset' VIRTUAL,
    append_time TIMESTAMP_LTZ(3) METADATA FROM 'timestamp' VIRTUAL,
    headers MAP<STRING, BYTES> METADATA VIRTUAL,
    reason AS ${parsed}.reason,
    line AS ${parsed}.line,
    event_id AS ${parsed}.event_id,
    event_type AS ${parsed}.event_type,
    event_time AS ${parsed}.event_time,
    sku AS ${parsed}.sku,
    warehouse_id AS ${parsed}.warehouse_id,
    quantity AS ${parsed}.quantity,
    order_id AS ${parsed}.order_id,
    line_no AS ${parsed}.line_no,
    channel AS ${parsed}.channel,
    region AS ${parsed}.region,
    gross_amount AS ${parsed}.gross_amount,
    discount_amount AS ${parsed}.discount_amount,
    to_stock AS ${parsed}.to_stock,
    buyer AS ${parsed}.buyer,
    store_day AS ${parsed}.store_day,
    late AS ${parsed}.late,
    event_ts AS COALESCE(TO_TIMESTAMP_LTZ(${parsed}.event_time, 3), TO_TIMESTAMP_LTZ(0, 3)),
    read_at AS PROCTIME(),
    WATERMARK FOR event_ts AS event_ts
) WITH (
    'connector' = 'kafka',
    'topic' = '${topic}',
    'properties.bootstrap.servers' = '${kafka}',
    'properties.group.id' = '${group_id}',
    'properties.isolation.level' = 'read_committed',
    'properties.client.id' = 'tally-job',
    'scan.startup.mode' = 'earliest-offset',
    'scan.topic-partition-discovery.interval' = '30 s',
    'scan.bounded.mode' = '${bounded_mode}',
    'scan.bounded.specific-offsets' = '${bounded_offsets}',
    'format' = 'raw'
)

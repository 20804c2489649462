-- One row is one parsed record, thrown away.
-- grain: log_partition, log_offset
CREATE TABLE parsed_events (
    reason STRING,
    event_id STRING,
    event_type STRING,
    event_time BIGINT,
    sku STRING,
    warehouse_id STRING,
    quantity BIGINT,
    order_id STRING,
    line_no BIGINT,
    channel STRING,
    region STRING,
    gross_amount BIGINT,
    discount_amount BIGINT,
    to_stock BOOLEAN,
    buyer STRING,
    store_day BIGINT,
    late BOOLEAN,
    line STRING,
    log_partition INT,
    log_offset BIGINT
) WITH (
    'connector' = 'blackhole'
)

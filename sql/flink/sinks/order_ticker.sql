-- One row is one order shown for its second of event time: the one with the greatest order_id.
-- grain: second, log_date
CREATE TABLE order_ticker (
    `second` TIMESTAMP(3),
    log_date DATE,
    ordered_at TIMESTAMP(3),
    order_id STRING,
    sku STRING,
    quantity BIGINT,
    channel STRING,
    region STRING,
    amount BIGINT,
    event_count BIGINT,
    PRIMARY KEY (`second`, log_date) NOT ENFORCED
) WITH (
    'connector' = 'jdbc',
    'url' = '${jdbc_url}',
    'table-name' = 'order_ticker',
    'sink.buffer-flush.max-rows' = '${flush_rows}',
    'sink.buffer-flush.interval' = '${flush_interval}'
)

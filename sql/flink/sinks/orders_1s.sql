-- One row is the orders of one second of event time.
-- grain: second, log_date
CREATE TABLE orders_1s (
    `second` TIMESTAMP(3),
    log_date DATE,
    orders BIGINT,
    event_count BIGINT,
    PRIMARY KEY (`second`, log_date) NOT ENFORCED
) WITH (
    'connector' = 'jdbc',
    'url' = '${jdbc_url}',
    'table-name' = 'orders_1s',
    'sink.buffer-flush.max-rows' = '${flush_rows}',
    'sink.buffer-flush.interval' = '${flush_interval}'
)

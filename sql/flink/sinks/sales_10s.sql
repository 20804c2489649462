-- One row is the sales and refunds of one 10-second window of event time in one channel and region.
-- grain: window_start, channel, region, log_date
CREATE TABLE sales_10s (
    window_start TIMESTAMP(3),
    channel STRING,
    region STRING,
    log_date DATE,
    gross_amount BIGINT,
    discount_amount BIGINT,
    refund_amount BIGINT,
    orders BIGINT,
    lines BIGINT,
    units BIGINT,
    refunded_units BIGINT,
    event_count BIGINT,
    newest_event_time TIMESTAMP(3),
    PRIMARY KEY (window_start, channel, region, log_date) NOT ENFORCED
) WITH (
    'connector' = 'jdbc',
    'url' = '${jdbc_url}',
    'table-name' = 'sales_10s',
    'sink.buffer-flush.max-rows' = '${flush_rows}',
    'sink.buffer-flush.interval' = '${flush_interval}'
)

-- One row is the movements of one SKU in one warehouse in one minute of event time.
-- grain: window_start, sku, warehouse_id, log_date
CREATE TABLE stock_flow_1m (
    window_start TIMESTAMP(3),
    sku STRING,
    warehouse_id STRING,
    log_date DATE,
    sold BIGINT,
    refunded BIGINT,
    restocked BIGINT,
    adjusted BIGINT,
    shipped BIGINT,
    unmet BIGINT,
    gross_amount BIGINT,
    discount_amount BIGINT,
    refund_amount BIGINT,
    lines BIGINT,
    refunded_units BIGINT,
    event_count BIGINT,
    PRIMARY KEY (window_start, sku, warehouse_id, log_date) NOT ENFORCED
) WITH (
    'connector' = 'jdbc',
    'url' = '${jdbc_url}',
    'table-name' = 'stock_flow_1m',
    'sink.buffer-flush.max-rows' = '${flush_rows}',
    'sink.buffer-flush.interval' = '${flush_interval}'
)

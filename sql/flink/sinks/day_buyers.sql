-- One row is one customer who bought in one store day, known by a keyed hash only.
-- grain: store_day, buyer, log_date
CREATE TABLE day_buyers (
    store_day DATE,
    buyer STRING,
    log_date DATE,
    first_purchase_at TIMESTAMP(3),
    event_count BIGINT,
    PRIMARY KEY (store_day, buyer, log_date) NOT ENFORCED
) WITH (
    'connector' = 'jdbc',
    'url' = '${jdbc_url}',
    'table-name' = 'day_buyers',
    'sink.buffer-flush.max-rows' = '${flush_rows}',
    'sink.buffer-flush.interval' = '${flush_interval}'
)

-- One row is the movements of one SKU in one warehouse in one minute of event time,
--   from records appended on one UTC date.
--   | 一行是一个 SKU 在一个仓库的一分钟事件时间窗口内、由同一 UTC 日期写入日志的记录产生的库存与销售变动。
-- grain: window_start, sku, warehouse_id, log_date
CREATE TABLE tally.stock_flow_1m (
    window_start timestamptz NOT NULL,
    sku text NOT NULL,
    warehouse_id text NOT NULL,
    log_date date NOT NULL,
    sold bigint NOT NULL,
    refunded bigint NOT NULL,
    restocked bigint NOT NULL,
    adjusted bigint NOT NULL,
    shipped bigint NOT NULL,
    unmet bigint NOT NULL,
    gross_amount bigint NOT NULL,
    discount_amount bigint NOT NULL,
    refund_amount bigint NOT NULL,
    lines bigint NOT NULL,
    refunded_units bigint NOT NULL,
    event_count bigint NOT NULL,
    PRIMARY KEY (window_start, sku, warehouse_id, log_date)
) PARTITION BY RANGE (window_start);

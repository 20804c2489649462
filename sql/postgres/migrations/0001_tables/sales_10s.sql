-- One row is the sales and refunds of one 10-second window of event time in one channel and region,
--   from records appended on one UTC date.
--   | 一行是一个渠道、一个地区在一个 10 秒事件时间窗口内、由同一 UTC 日期写入日志的记录产生的销售与退款。
-- grain: window_start, channel, region, log_date
CREATE TABLE tally.sales_10s (
    window_start timestamptz NOT NULL,
    channel text NOT NULL,
    region text NOT NULL,
    log_date date NOT NULL,
    gross_amount bigint NOT NULL,
    discount_amount bigint NOT NULL,
    refund_amount bigint NOT NULL,
    orders bigint NOT NULL,
    lines bigint NOT NULL,
    units bigint NOT NULL,
    refunded_units bigint NOT NULL,
    event_count bigint NOT NULL,
    newest_event_time timestamptz NOT NULL,
    PRIMARY KEY (window_start, channel, region, log_date)
) PARTITION BY RANGE (window_start);

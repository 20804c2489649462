-- One row is the orders of one second of event time, from records appended on one UTC date.
--   | 一行是一秒事件时间内的订单数，由同一 UTC 日期写入日志的记录产生。
-- grain: second, log_date
CREATE TABLE tally.orders_1s (
    second timestamptz NOT NULL,
    log_date date NOT NULL,
    orders bigint NOT NULL,
    event_count bigint NOT NULL,
    PRIMARY KEY (second, log_date)
) PARTITION BY RANGE (second);

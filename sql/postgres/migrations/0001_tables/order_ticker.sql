-- One row is one order shown for its second of event time: the one with the greatest order_id,
--   from records appended on one UTC date.
--   | 一行是某一秒内展示的一笔订单（order_id 最大者），由同一 UTC 日期写入日志的记录产生。
-- grain: second, log_date
-- amount: Paid for the shown line: quantity × unit_amount − discount_amount.
--   | 所示订单行的实付金额：数量 × 单价 − 折扣。
--   | minor units; not additive
CREATE TABLE tally.order_ticker (
    second timestamptz NOT NULL,
    log_date date NOT NULL,
    ordered_at timestamptz NOT NULL,
    order_id text NOT NULL,
    sku text NOT NULL,
    quantity bigint NOT NULL,
    channel text NOT NULL,
    region text NOT NULL,
    amount bigint NOT NULL,
    event_count bigint NOT NULL,
    PRIMARY KEY (second, log_date)
) WITH (fillfactor = 70, autovacuum_vacuum_scale_factor = 0.05);

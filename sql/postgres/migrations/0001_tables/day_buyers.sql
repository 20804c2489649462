-- One row is one customer who bought in one store day, known by a keyed hash only,
--   from records appended on one UTC date.
--   | 一行是一个门店日内购买过的一位顾客（仅以带密钥的哈希标识），由同一 UTC 日期写入日志的记录产生。
-- grain: store_day, buyer, log_date
CREATE TABLE tally.day_buyers (
    store_day date NOT NULL,
    buyer text NOT NULL,
    log_date date NOT NULL,
    first_purchase_at timestamptz NOT NULL,
    event_count bigint NOT NULL,
    PRIMARY KEY (store_day, buyer, log_date)
) WITH (fillfactor = 70, autovacuum_vacuum_scale_factor = 0.05);

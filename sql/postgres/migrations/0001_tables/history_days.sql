-- One row is one store day of the demo's generated history and whether all of it is in the log.
--   | 一行是演示历史的一个门店日，以及是否已全部写入日志。
-- grain: store_day
-- events: Events that this day of history holds.
--   | 该历史日包含的事件数。
--   | events; additive
CREATE TABLE tally.history_days (
    store_day date PRIMARY KEY,
    events bigint NOT NULL,
    published_at timestamptz
);

-- One row is one second of a closed quarter of an hour that changed since the newest closing.
--   | 一行是最近一次结算之后发生变化的一个已结算的秒。
-- grain: one change
CREATE TABLE tally.orders_late (second timestamptz NOT NULL);

-- One row is the second with the most orders within a closed quarter of an hour.
--   | 一行是一个已结算的一刻钟内订单最多的一秒。
-- grain: window_start
-- orders: Orders of that second.
--   | 该秒的订单数。
--   | orders; not additive
-- second: The first second with that many orders.
--   | 首个达到该订单数的秒。
--   | time, UTC instant; attribute
CREATE TABLE tally.orders_closed_15m (
    window_start timestamptz PRIMARY KEY,
    orders numeric NOT NULL,
    second timestamptz NOT NULL
);

-- One row is one change to a closed window of stock_flow_1m since the newest closing.
--   | 一行是最近一次结算之后 stock_flow_1m 已结算窗口的一次变化。
-- grain: one change
CREATE TABLE tally.stock_late (
    window_start timestamptz NOT NULL,
    sku text NOT NULL,
    warehouse_id text NOT NULL,
    sold bigint NOT NULL,
    refunded bigint NOT NULL,
    restocked bigint NOT NULL,
    adjusted bigint NOT NULL,
    shipped bigint NOT NULL,
    unmet bigint NOT NULL,
    gross_amount bigint NOT NULL,
    discount_amount bigint NOT NULL,
    refund_amount bigint NOT NULL
);

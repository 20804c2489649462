-- One row is one change to a closed window of sales_10s since the newest closing.
--   | 一行是最近一次结算之后 sales_10s 已结算窗口的一次变化。
-- grain: one change
CREATE TABLE tally.sales_late (
    window_start timestamptz NOT NULL,
    channel text NOT NULL,
    region text NOT NULL,
    gross_amount bigint NOT NULL,
    discount_amount bigint NOT NULL,
    refund_amount bigint NOT NULL,
    orders bigint NOT NULL,
    lines bigint NOT NULL,
    units bigint NOT NULL,
    refunded_units bigint NOT NULL
);

-- One row is the sales of one closed 15-minute window in one channel and region.
--   | 一行是一个渠道、一个地区在一个已结算 15 分钟窗口内的销售。
-- grain: window_start, channel, region
CREATE TABLE tally.sales_closed_15m (
    window_start timestamptz NOT NULL,
    channel text NOT NULL,
    region text NOT NULL,
    gross_amount numeric NOT NULL,
    discount_amount numeric NOT NULL,
    refund_amount numeric NOT NULL,
    orders numeric NOT NULL,
    lines numeric NOT NULL,
    units numeric NOT NULL,
    refunded_units numeric NOT NULL,
    PRIMARY KEY (window_start, channel, region)
);

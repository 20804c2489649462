-- One row is how one SKU is replenished in one warehouse, as of now.
--   | 一行是一个 SKU 在一个仓库的补货策略，为当前值。
-- grain: sku, warehouse_id
CREATE TABLE tally.stock_policy (
    sku text NOT NULL,
    warehouse_id text NOT NULL,
    reorder_point bigint NOT NULL CHECK (reorder_point >= 0),
    safety_stock bigint NOT NULL CHECK (safety_stock >= 0),
    lead_time_hours numeric NOT NULL CHECK (lead_time_hours >= 0),
    PRIMARY KEY (sku, warehouse_id)
);

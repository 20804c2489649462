-- One row is one warehouse.
--   | 一行是一个仓库。
-- grain: warehouse_id
CREATE TABLE tally.warehouses (
    warehouse_id text PRIMARY KEY,
    name_en text NOT NULL,
    name_zh text NOT NULL
);

-- One entry is one row of stock_flow_1m, by SKU and warehouse: the recent history of one of them is asked for.
--   | 按 SKU 与仓库索引 stock_flow_1m 的行，用于查询其近期变动。
-- grain: sku, warehouse_id, window_start
CREATE INDEX stock_flow_1m_sku ON tally.stock_flow_1m (sku, warehouse_id, window_start);

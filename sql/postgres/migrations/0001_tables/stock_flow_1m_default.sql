-- One row is a row of stock_flow_1m for whose day no partition exists (yet): events of 1997 land here.
--   | 一行是 stock_flow_1m 中尚无对应日分区的数据，例如 1997 年的事件。
-- grain: window_start, sku, warehouse_id, log_date
CREATE TABLE tally.stock_flow_1m_default PARTITION OF tally.stock_flow_1m DEFAULT
WITH (fillfactor = 70, autovacuum_vacuum_scale_factor = 0.05, autovacuum_vacuum_insert_scale_factor = 0.05);

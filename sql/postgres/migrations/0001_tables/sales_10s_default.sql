-- One row is a row of sales_10s for whose day no partition exists (yet): events of 1997 land here.
--   | 一行是 sales_10s 中尚无对应日分区的数据，例如 1997 年的事件。
-- grain: window_start, channel, region, log_date
CREATE TABLE tally.sales_10s_default PARTITION OF tally.sales_10s DEFAULT
WITH (fillfactor = 70, autovacuum_vacuum_scale_factor = 0.05, autovacuum_vacuum_insert_scale_factor = 0.05);

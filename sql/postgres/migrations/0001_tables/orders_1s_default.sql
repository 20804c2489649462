-- One row is a row of orders_1s for whose day no partition exists (yet).
--   | 一行是 orders_1s 中尚无对应日分区的数据。
-- grain: second, log_date
CREATE TABLE tally.orders_1s_default PARTITION OF tally.orders_1s DEFAULT
WITH (fillfactor = 70, autovacuum_vacuum_scale_factor = 0.05);

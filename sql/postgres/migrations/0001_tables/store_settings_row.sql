-- One row: the defaults, so that views answer before the settings are written.
--   | 默认设置，使视图在写入设置之前即可查询。
-- grain: one row
INSERT INTO tally.store_settings DEFAULT VALUES;

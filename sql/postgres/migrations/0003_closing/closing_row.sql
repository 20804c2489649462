-- One row: nothing is closed yet. | 初始状态：尚无已结算窗口。
-- grain: one row
INSERT INTO tally.closing DEFAULT VALUES;

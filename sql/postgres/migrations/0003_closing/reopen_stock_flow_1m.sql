-- One firing is stock_flow_1m emptied as a whole; nothing is closed then. | 每次触发对应清空 stock_flow_1m，此时不再有已结算窗口。
-- grain: one TRUNCATE of stock_flow_1m
CREATE TRIGGER reopen_stock_flow_1m AFTER TRUNCATE ON tally.stock_flow_1m
FOR EACH STATEMENT EXECUTE FUNCTION tally.reopen_windows();

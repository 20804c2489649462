-- One firing is sales_10s emptied as a whole; nothing is closed then. | 每次触发对应清空 sales_10s，此时不再有已结算窗口。
-- grain: one TRUNCATE of sales_10s
CREATE TRIGGER reopen_sales_10s AFTER TRUNCATE ON tally.sales_10s
FOR EACH STATEMENT EXECUTE FUNCTION tally.reopen_windows();

-- One firing is orders_1s emptied as a whole; nothing is closed then. | 每次触发对应清空 orders_1s，此时不再有已结算窗口。
-- grain: one TRUNCATE of orders_1s
CREATE TRIGGER reopen_orders_1s AFTER TRUNCATE ON tally.orders_1s
FOR EACH STATEMENT EXECUTE FUNCTION tally.reopen_windows();

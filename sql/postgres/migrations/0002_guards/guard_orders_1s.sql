-- One firing is an upsert of orders_1s that would take a total back; the row stays as it is.
--   | 每次触发对应一次会使 orders_1s 总数倒退的写入；该行保持不变。
-- grain: one row of orders_1s
CREATE TRIGGER guard_orders_1s BEFORE UPDATE ON tally.orders_1s
FOR EACH ROW WHEN (NEW.event_count < OLD.event_count) EXECUTE FUNCTION tally.keep_greater_total();

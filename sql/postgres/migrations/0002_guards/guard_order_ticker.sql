-- One firing is an upsert of order_ticker that would take a total back; the row stays as it is.
--   | 每次触发对应一次会使 order_ticker 总数倒退的写入；该行保持不变。
-- grain: one row of order_ticker
CREATE TRIGGER guard_order_ticker BEFORE UPDATE ON tally.order_ticker
FOR EACH ROW WHEN (NEW.event_count < OLD.event_count) EXECUTE FUNCTION tally.keep_greater_total();

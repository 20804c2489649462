-- One firing is an upsert of stock_flow_1m that would take a total back; the row stays as it is.
--   | 每次触发对应一次会使 stock_flow_1m 总数倒退的写入；该行保持不变。
-- grain: one row of stock_flow_1m
CREATE TRIGGER guard_stock_flow_1m BEFORE UPDATE ON tally.stock_flow_1m
FOR EACH ROW WHEN (NEW.event_count < OLD.event_count) EXECUTE FUNCTION tally.keep_greater_total();

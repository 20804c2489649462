-- One firing is an upsert of sales_10s that would take a total back; the row stays as it is.
--   | 每次触发对应一次会使 sales_10s 总数倒退的写入；该行保持不变。
-- grain: one row of sales_10s
CREATE TRIGGER guard_sales_10s BEFORE UPDATE ON tally.sales_10s
FOR EACH ROW WHEN (NEW.event_count < OLD.event_count) EXECUTE FUNCTION tally.keep_greater_total();

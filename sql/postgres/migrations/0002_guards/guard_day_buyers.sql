-- One firing is an upsert of day_buyers that would take a total back; the row stays as it is.
--   | 每次触发对应一次会使 day_buyers 总数倒退的写入；该行保持不变。
-- grain: one row of day_buyers
CREATE TRIGGER guard_day_buyers BEFORE UPDATE ON tally.day_buyers
FOR EACH ROW WHEN (NEW.event_count < OLD.event_count) EXECUTE FUNCTION tally.keep_greater_total();

-- One firing is an upsert of event_counts_1h that would take a total back; the row stays as it is.
--   | 每次触发对应一次会使 event_counts_1h 总数倒退的写入；该行保持不变。
-- grain: one row of event_counts_1h
CREATE TRIGGER guard_event_counts_1h BEFORE UPDATE ON tally.event_counts_1h
FOR EACH ROW WHEN (NEW.event_count < OLD.event_count) EXECUTE FUNCTION tally.keep_greater_total();

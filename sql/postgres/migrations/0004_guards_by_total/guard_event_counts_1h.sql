-- One firing is an upsert of event_counts_1h that would take one of its totals back; the row stays as it is. event_count alone is
--   not enough: a replay may read the partitions in another order, and then hold more events and yet lack some.
--   | 每次触发对应一次会使 event_counts_1h 任一总数倒退的写入；该行保持不变。重放时各分区的读取顺序可能不同，仅比较 event_count 并不够。
-- grain: one row of event_counts_1h
CREATE OR REPLACE TRIGGER guard_event_counts_1h BEFORE UPDATE ON tally.event_counts_1h
FOR EACH ROW WHEN (
    NEW.event_count < OLD.event_count
    OR NEW.records < OLD.records
    OR NEW.counted < OLD.counted
    OR NEW.rejected < OLD.rejected
    OR NEW.late < OLD.late
    OR NEW.last_offset < OLD.last_offset
    OR NEW.newest_append_time < OLD.newest_append_time
) EXECUTE FUNCTION tally.keep_greater_total();

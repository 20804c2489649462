-- One firing is an upsert of day_buyers that would take one of its totals back; the row stays as it is. event_count alone is
--   not enough: a replay may read the partitions in another order, and then hold more events and yet lack some.
--   | 每次触发对应一次会使 day_buyers 任一总数倒退的写入；该行保持不变。重放时各分区的读取顺序可能不同，仅比较 event_count 并不够。
-- grain: one row of day_buyers
CREATE OR REPLACE TRIGGER guard_day_buyers BEFORE UPDATE ON tally.day_buyers
FOR EACH ROW WHEN (
    NEW.event_count < OLD.event_count
    OR NEW.first_purchase_at > OLD.first_purchase_at
) EXECUTE FUNCTION tally.keep_greater_total();

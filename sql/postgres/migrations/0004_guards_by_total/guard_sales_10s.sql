-- One firing is an upsert of sales_10s that would take one of its totals back; the row stays as it is. event_count alone is
--   not enough: a replay may read the partitions in another order, and then hold more events and yet lack some.
--   | 每次触发对应一次会使 sales_10s 任一总数倒退的写入；该行保持不变。重放时各分区的读取顺序可能不同，仅比较 event_count 并不够。
-- grain: one row of sales_10s
CREATE OR REPLACE TRIGGER guard_sales_10s BEFORE UPDATE ON tally.sales_10s
FOR EACH ROW WHEN (
    NEW.event_count < OLD.event_count
    OR NEW.gross_amount < OLD.gross_amount
    OR NEW.discount_amount < OLD.discount_amount
    OR NEW.refund_amount < OLD.refund_amount
    OR NEW.orders < OLD.orders
    OR NEW.lines < OLD.lines
    OR NEW.units < OLD.units
    OR NEW.refunded_units < OLD.refunded_units
    OR NEW.newest_event_time < OLD.newest_event_time
) EXECUTE FUNCTION tally.keep_greater_total();

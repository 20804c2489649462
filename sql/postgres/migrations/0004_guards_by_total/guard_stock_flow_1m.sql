-- One firing is an upsert of stock_flow_1m that would take one of its totals back; the row stays as it is. event_count alone is
--   not enough: a replay may read the partitions in another order, and then hold more events and yet lack some; adjusted has a sign and may go either way.
--   | 每次触发对应一次会使 stock_flow_1m 任一总数倒退的写入；该行保持不变。重放时各分区的读取顺序可能不同，仅比较 event_count 并不够。
-- grain: one row of stock_flow_1m
CREATE OR REPLACE TRIGGER guard_stock_flow_1m BEFORE UPDATE ON tally.stock_flow_1m
FOR EACH ROW WHEN (
    NEW.event_count < OLD.event_count
    OR NEW.sold < OLD.sold
    OR NEW.refunded < OLD.refunded
    OR NEW.restocked < OLD.restocked
    OR NEW.shipped < OLD.shipped
    OR NEW.unmet < OLD.unmet
    OR NEW.gross_amount < OLD.gross_amount
    OR NEW.discount_amount < OLD.discount_amount
    OR NEW.refund_amount < OLD.refund_amount
    OR NEW.lines < OLD.lines
    OR NEW.refunded_units < OLD.refunded_units
) EXECUTE FUNCTION tally.keep_greater_total();

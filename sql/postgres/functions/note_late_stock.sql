-- Writes down what changed in a closed window of stock_flow_1m. | 记录 stock_flow_1m 已结算窗口的变化。
-- grain: one changed row
CREATE OR REPLACE FUNCTION tally.note_late_stock() RETURNS trigger
LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
BEGIN
    -- after a TRUNCATE nothing is closed, but this trigger's own bound is still the old one
    IF coalesce(NEW.window_start, OLD.window_start) >= (SELECT c.closed_until FROM tally.closing AS c) THEN
        RETURN NULL;
    END IF;
    IF TG_OP <> 'INSERT' THEN
        INSERT INTO tally.stock_late VALUES (OLD.window_start, OLD.sku, OLD.warehouse_id, -OLD.sold, -OLD.refunded,
            -OLD.restocked, -OLD.adjusted, -OLD.shipped, -OLD.unmet, -OLD.gross_amount, -OLD.discount_amount,
            -OLD.refund_amount);
    END IF;
    IF TG_OP <> 'DELETE' THEN
        INSERT INTO tally.stock_late VALUES (NEW.window_start, NEW.sku, NEW.warehouse_id, NEW.sold, NEW.refunded,
            NEW.restocked, NEW.adjusted, NEW.shipped, NEW.unmet, NEW.gross_amount, NEW.discount_amount,
            NEW.refund_amount);
    END IF;
    RETURN NULL;
END
$$;

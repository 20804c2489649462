-- Writes down what changed in a closed window of sales_10s. | 记录 sales_10s 已结算窗口的变化。
-- grain: one changed row
CREATE OR REPLACE FUNCTION tally.note_late_sales() RETURNS trigger
LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
BEGIN
    -- after a TRUNCATE nothing is closed, but this trigger's own bound is still the old one
    IF coalesce(NEW.window_start, OLD.window_start) >= (SELECT c.closed_until FROM tally.closing AS c) THEN
        RETURN NULL;
    END IF;
    IF TG_OP <> 'INSERT' THEN
        INSERT INTO tally.sales_late VALUES (OLD.window_start, OLD.channel, OLD.region, -OLD.gross_amount,
            -OLD.discount_amount, -OLD.refund_amount, -OLD.orders, -OLD.lines, -OLD.units, -OLD.refunded_units);
    END IF;
    IF TG_OP <> 'DELETE' THEN
        INSERT INTO tally.sales_late VALUES (NEW.window_start, NEW.channel, NEW.region, NEW.gross_amount,
            NEW.discount_amount, NEW.refund_amount, NEW.orders, NEW.lines, NEW.units, NEW.refunded_units);
    END IF;
    RETURN NULL;
END
$$;

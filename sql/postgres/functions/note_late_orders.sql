-- Writes down a second of a closed quarter that changed; a second that lost orders opens all quarters again,
--   for a closed maximum can only be mended upwards.
--   | 记录已结算刻钟内发生变化的秒；若订单减少则重新打开全部刻钟，因为已结算的最大值只能向上修正。
-- grain: one changed row
CREATE OR REPLACE FUNCTION tally.note_late_orders() RETURNS trigger
LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
BEGIN
    IF TG_OP = 'DELETE' OR (TG_OP = 'UPDATE' AND NEW.orders < OLD.orders) THEN
        UPDATE tally.closing SET orders_closed_until = '-infinity' WHERE orders_closed_until <> '-infinity';
    ELSE
        INSERT INTO tally.orders_late VALUES (NEW.second);
    END IF;
    RETURN NULL;
END
$$;

-- Counts the closed columns of today anew from the store day's new start. | 按新的门店日起点重新统计当日结算列。
-- grain: one changed row of store_settings
CREATE OR REPLACE FUNCTION tally.move_day_start() RETURNS trigger
LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
BEGIN
    PERFORM tally.close_windows((SELECT closing.closed_until FROM tally.closing));
    RETURN NULL;
END
$$;

-- Puts a trigger on each window table that notes changes before a time. The time is a constant of the trigger, so that
--   rows of open windows cost a comparison and no call.
--   | 在各窗口表上设置触发器，记录某一时间之前的变化。该时间是触发器中的常量，未结算窗口的行仅需一次比较。
-- grain: one call
CREATE OR REPLACE FUNCTION tally.watch_closed_windows(until_time timestamptz) RETURNS void
LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, pg_temp SET timezone = 'UTC' AS $$
DECLARE
    watched record;
BEGIN
    FOR watched IN
        SELECT v.table_name, v.time_column, v.function_name
        FROM (VALUES
            ('sales_10s', 'window_start', 'note_late_sales'),
            ('stock_flow_1m', 'window_start', 'note_late_stock'),
            ('orders_1s', 'second', 'note_late_orders')
        ) AS v (table_name, time_column, function_name)
    LOOP
        EXECUTE format(
            'CREATE OR REPLACE TRIGGER %I AFTER INSERT OR UPDATE ON tally.%I FOR EACH ROW WHEN (NEW.%I < %L) '
            'EXECUTE FUNCTION tally.%I()',
            'watch_' || watched.table_name, watched.table_name, watched.time_column, until_time, watched.function_name);
        EXECUTE format(
            'CREATE OR REPLACE TRIGGER %I AFTER DELETE ON tally.%I FOR EACH ROW WHEN (OLD.%I < %L) '
            'EXECUTE FUNCTION tally.%I()',
            'watch_delete_' || watched.table_name, watched.table_name, watched.time_column, until_time,
            watched.function_name);
    END LOOP;
END
$$;

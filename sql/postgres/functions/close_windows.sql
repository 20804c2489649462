-- Closes the windows that start before a time (rounded down to a quarter of an hour): adds them and the late changes to
--   the closed sums, and returns up to when windows are closed. Closed time never goes back. Without a time it goes on
--   to the newest full hour, 10 minutes back, of what is visible, at most one day of data a call so that writers wait
--   little (call again while the answer changes), and does nothing before the first row or while the demo's history is
--   being published. Many late changes are added to the sums without waiting for the next hour.
--   | 结算某一时间之前的窗口（向下取整到一刻钟）：将其与迟到变化并入结算合计，返回已结算到的时间；结算时间不会倒退。
--   不指定时间时结算到可见数据 10 分钟前的整点，每次最多一天（结果仍在变化则再次调用）；尚无数据或演示历史发布期间不结算。
--   迟到变化较多时，不待下一整点即并入合计。
-- grain: one call
CREATE OR REPLACE FUNCTION tally.close_windows(until_time timestamptz DEFAULT NULL) RETURNS timestamptz
LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, pg_temp SET timezone = 'UTC' AS $$
DECLARE
    before_time timestamptz;
    orders_before timestamptz;
    closes_at timestamptz;
    old_midnight timestamptz;
    midnight timestamptz;
    many_late boolean;
BEGIN
    PERFORM tally.take_turn();
    SELECT c.closed_until, c.orders_closed_until, c.day_start INTO before_time, orders_before, old_midnight
    FROM tally.closing AS c;
    IF until_time IS NULL AND EXISTS (SELECT FROM tally.history_days WHERE published_at IS NULL) THEN
        RETURN before_time;
    END IF;
    -- whatever comes first would else be a late change to windows that were closed empty
    IF until_time IS NULL AND before_time = '-infinity' AND NOT EXISTS (
        SELECT FROM tally.sales_10s UNION ALL SELECT FROM tally.stock_flow_1m
    ) THEN
        RETURN before_time;
    END IF;
    many_late := EXISTS (SELECT FROM tally.sales_late OFFSET 5000) OR EXISTS (SELECT FROM tally.stock_late OFFSET 5000);
    SELECT coalesce(until_time, least(
        date_trunc('hour', c.as_of - interval '10 minutes'),
        -- whole UTC days, so that days long past and empty are skipped
        date_trunc('day', least(
            (SELECT min(s.window_start) FROM tally.sales_10s AS s WHERE s.window_start >= before_time),
            (SELECT min(f.window_start) FROM tally.stock_flow_1m AS f WHERE f.window_start >= before_time),
            (SELECT min(o.second) FROM tally.orders_1s AS o WHERE o.second >= orders_before)
        )) + interval '1 day'
    )) INTO closes_at
    FROM tally.store_clock AS c;
    IF isfinite(closes_at) THEN
        closes_at := date_bin('15 minutes', closes_at, '2000-01-01 00:00+00');
    END IF;
    closes_at := greatest(closes_at, before_time);
    IF closes_at = '-infinity'
        OR (until_time IS NULL AND NOT many_late AND closes_at = before_time AND closes_at = orders_before) THEN
        RETURN before_time;
    END IF;
    -- writers wait here for the moment that the sums take; what they write afterwards meets the new triggers
    LOCK TABLE tally.sales_10s, tally.stock_flow_1m, tally.orders_1s IN SHARE ROW EXCLUSIVE MODE;
    SELECT tally.day_start((closes_at AT TIME ZONE s.store_zone)::date, s.store_zone) INTO midnight
    FROM tally.store_settings AS s;
    PERFORM tally.close_sales(before_time, closes_at);
    PERFORM tally.close_orders(orders_before, closes_at);
    PERFORM tally.close_stock(before_time, closes_at, old_midnight, midnight);
    UPDATE tally.closing SET closed_until = closes_at, orders_closed_until = closes_at, day_start = midnight;
    PERFORM tally.watch_closed_windows(closes_at);
    RETURN closes_at;
END
$$;

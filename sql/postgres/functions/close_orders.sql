-- Finds the second with the most orders of each quarter between two times and of each quarter with late changes.
--   | 求两个时间之间各刻钟以及有迟到变化的各刻钟内订单最多的一秒。
-- grain: one call
CREATE OR REPLACE FUNCTION tally.close_orders(from_time timestamptz, to_time timestamptz) RETURNS void
LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
BEGIN
    IF from_time = '-infinity' THEN
        DELETE FROM tally.orders_closed_15m;
        DELETE FROM tally.orders_late;
    END IF;
    INSERT INTO tally.orders_closed_15m
    SELECT DISTINCT ON (t.quarter) t.quarter, t.orders, t.second
    FROM (
        SELECT date_bin('15 minutes', o.second, '2000-01-01 00:00+00') AS quarter, o.second, sum(o.orders) AS orders
        FROM tally.orders_1s AS o
        WHERE o.second >= from_time AND o.second < to_time
        GROUP BY o.second
        UNION ALL
        SELECT date_bin('15 minutes', o.second, '2000-01-01 00:00+00'), o.second, sum(o.orders)
        FROM tally.orders_1s AS o
        WHERE o.second IN (SELECT l.second FROM tally.orders_late AS l)
        GROUP BY o.second
        UNION ALL
        SELECT c.window_start, c.second, c.orders
        FROM tally.orders_closed_15m AS c
        WHERE c.window_start IN (
            SELECT date_bin('15 minutes', l.second, '2000-01-01 00:00+00') FROM tally.orders_late AS l
        )
    ) AS t
    ORDER BY t.quarter, t.orders DESC, t.second
    ON CONFLICT (window_start) DO UPDATE SET orders = excluded.orders, second = excluded.second;
    DELETE FROM tally.orders_late;
END
$$;

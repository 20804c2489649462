-- Adds the late changes and the windows between two times to the closed movements of stock, and moves its 24 hours and
--   its store day on: what comes in is added, what has left is taken away, so that only hours near the edges are read.
--   | 将迟到变化与两个时间之间的窗口并入库存结算合计，并推进其 24 小时与当日区间：加入新的、减去移出的，只读取边缘的数小时。
-- grain: one call
CREATE OR REPLACE FUNCTION tally.close_stock(
    from_time timestamptz, to_time timestamptz, old_midnight timestamptz, midnight timestamptz
) RETURNS void
LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
DECLARE
    a_day CONSTANT interval := interval '24 hours';
    new_day CONSTANT boolean := midnight <> old_midnight;
BEGIN
    IF new_day THEN
        UPDATE tally.stock_closed
        SET sold_today = 0, refunded_today = 0, restocked_today = 0, adjusted_today = 0, shipped_today = 0,
            unmet_today = 0, gross_today = 0, discount_today = 0, refund_today = 0
        WHERE sold_today <> 0 OR refunded_today <> 0 OR restocked_today <> 0 OR adjusted_today <> 0
            OR shipped_today <> 0 OR unmet_today <> 0 OR gross_today <> 0 OR discount_today <> 0 OR refund_today <> 0;
    END IF;
    INSERT INTO tally.stock_closed AS c
    SELECT
        p.sku,
        p.warehouse_id,
        sum(p.total * p.sold),
        sum(p.total * p.refunded),
        sum(p.total * p.restocked),
        sum(p.total * p.adjusted),
        sum(p.total * p.shipped),
        sum(p.total * p.unmet),
        sum(p.newer * p.sold),
        sum(p.older * p.sold),
        sum(p.newer * (p.restocked + p.refunded + p.adjusted - p.sold)),
        sum(p.newer * (p.sold - p.shipped)),
        sum(p.today * p.sold),
        sum(p.today * p.refunded),
        sum(p.today * p.restocked),
        sum(p.today * p.adjusted),
        sum(p.today * p.shipped),
        sum(p.today * p.unmet),
        sum(p.today * p.gross_amount),
        sum(p.today * p.discount_amount),
        sum(p.today * p.refund_amount)
    FROM (
        -- windows that close now
        SELECT
            1 AS total, 1 AS newer, 0 AS older, (f.window_start >= midnight)::int AS today, f.sku,
            f.warehouse_id, f.sold, f.refunded, f.restocked, f.adjusted, f.shipped, f.unmet, f.gross_amount,
            f.discount_amount, f.refund_amount
        FROM tally.stock_flow_1m AS f
        WHERE f.window_start >= from_time AND f.window_start < to_time
        UNION ALL
        -- changes to windows that were closed before
        SELECT
            1, (l.window_start >= from_time - a_day)::int,
            (l.window_start >= from_time - 2 * a_day AND l.window_start < from_time - a_day)::int,
            (l.window_start >= midnight AND NOT new_day)::int, l.sku, l.warehouse_id, l.sold, l.refunded, l.restocked,
            l.adjusted, l.shipped, l.unmet, l.gross_amount, l.discount_amount, l.refund_amount
        FROM tally.stock_late AS l
        UNION ALL
        -- windows that leave the newer 24 hours for the older, as they are now
        SELECT
            0, -1, 1, 0, f.sku, f.warehouse_id, f.sold, f.refunded, f.restocked, f.adjusted, f.shipped, f.unmet, 0, 0, 0
        FROM tally.stock_flow_1m AS f
        WHERE f.window_start >= from_time - a_day AND f.window_start < to_time - a_day
        UNION ALL
        -- windows that leave the older 24 hours
        SELECT 0, 0, -1, 0, f.sku, f.warehouse_id, f.sold, 0, 0, 0, 0, 0, 0, 0, 0
        FROM tally.stock_flow_1m AS f
        WHERE f.window_start >= from_time - 2 * a_day AND f.window_start < to_time - 2 * a_day
        UNION ALL
        -- the part of a day with a new midnight that was closed before (the store's zone has changed)
        SELECT
            0, 0, 0, 1, f.sku, f.warehouse_id, f.sold, f.refunded, f.restocked, f.adjusted, f.shipped, f.unmet,
            f.gross_amount, f.discount_amount, f.refund_amount
        FROM tally.stock_flow_1m AS f
        WHERE new_day AND f.window_start >= midnight AND f.window_start < from_time
    ) AS p
    GROUP BY p.sku, p.warehouse_id
    ON CONFLICT (sku, warehouse_id) DO UPDATE SET
        sold = c.sold + excluded.sold,
        refunded = c.refunded + excluded.refunded,
        restocked = c.restocked + excluded.restocked,
        adjusted = c.adjusted + excluded.adjusted,
        shipped = c.shipped + excluded.shipped,
        unmet = c.unmet + excluded.unmet,
        sold_24h = c.sold_24h + excluded.sold_24h,
        sold_24h_before = c.sold_24h_before + excluded.sold_24h_before,
        change_24h = c.change_24h + excluded.change_24h,
        committed_change_24h = c.committed_change_24h + excluded.committed_change_24h,
        sold_today = c.sold_today + excluded.sold_today,
        refunded_today = c.refunded_today + excluded.refunded_today,
        restocked_today = c.restocked_today + excluded.restocked_today,
        adjusted_today = c.adjusted_today + excluded.adjusted_today,
        shipped_today = c.shipped_today + excluded.shipped_today,
        unmet_today = c.unmet_today + excluded.unmet_today,
        gross_today = c.gross_today + excluded.gross_today,
        discount_today = c.discount_today + excluded.discount_today,
        refund_today = c.refund_today + excluded.refund_today;
    DELETE FROM tally.stock_late;
END
$$;

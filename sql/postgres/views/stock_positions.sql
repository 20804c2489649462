-- One row is the balance of one SKU in one warehouse since the log began, and its movements in the trailing 24 hours:
--   the 24 whole-minute hours up to the newest whole minute visible. Sums closed windows, late changes and open windows.
--   | 一行是一个 SKU 在一个仓库自日志开始以来的余额，以及截至最近可见整分钟的 24 小时内变动。
-- grain: sku, warehouse_id
-- available: Opening + restocked + refunded to stock ± adjusted − sold since the log began; below 0 is oversold.
--   | 可售：自日志开始的期初 + 入库 + 退货入库 ± 调整 − 售出；负数即超卖。
--   | units; additive
-- committed: Sold − shipped; it means something where shipments are recorded. | 售出 − 发货；记录发货时才有意义。 | units; additive
-- sold_24h: Units sold in the trailing 24 hours. | 最近 24 小时售出件数。 | units; additive
-- sold_24h_before: Units sold in the 24 hours before those. | 再往前 24 小时售出件数。 | units; additive
-- change_24h: Change of available since 24 hours ago. | 可售库存较 24 小时前的变化。 | units; additive
-- committed_change_24h: Change of committed since 24 hours ago. | 待发库存较 24 小时前的变化。 | units; additive
CREATE VIEW tally.stock_positions AS
WITH k AS (
    SELECT
        g.closed_until,
        g.closed_until - interval '24 hours' AS closed_day_ago,
        g.closed_until - interval '48 hours' AS closed_two_days_ago,
        greatest(date_trunc('minute', c.as_of), g.closed_until) AS until_at,
        greatest(date_trunc('minute', c.as_of), g.closed_until) - interval '24 hours' AS day_ago,
        greatest(date_trunc('minute', c.as_of), g.closed_until) - interval '48 hours' AS two_days_ago
    FROM tally.closing AS g
    CROSS JOIN tally.store_clock AS c
)

SELECT
    p.sku,
    p.warehouse_id,
    sum(p.available)::bigint AS available,
    sum(p.committed)::bigint AS committed,
    sum(p.sold_24h)::bigint AS sold_24h,
    sum(p.sold_24h_before)::bigint AS sold_24h_before,
    sum(p.change_24h)::bigint AS change_24h,
    sum(p.committed_change_24h)::bigint AS committed_change_24h
FROM (
    SELECT
        s.sku, s.warehouse_id, s.restocked + s.refunded + s.adjusted - s.sold AS available,
        s.sold - s.shipped AS committed,
        s.sold_24h, s.sold_24h_before, s.change_24h, s.committed_change_24h
    FROM tally.stock_closed AS s
    UNION ALL
    SELECT
        l.sku, l.warehouse_id, l.restocked + l.refunded + l.adjusted - l.sold, l.sold - l.shipped,
        CASE WHEN l.window_start >= (SELECT k.closed_day_ago FROM k) THEN l.sold ELSE 0 END,
        CASE
            WHEN l.window_start >= (SELECT k.closed_two_days_ago FROM k)
                AND l.window_start < (SELECT k.closed_day_ago FROM k) THEN l.sold
            ELSE 0
        END,
        CASE
            WHEN l.window_start >= (SELECT k.closed_day_ago FROM k)
                THEN l.restocked + l.refunded + l.adjusted - l.sold
            ELSE 0
        END,
        CASE WHEN l.window_start >= (SELECT k.closed_day_ago FROM k) THEN l.sold - l.shipped ELSE 0 END
    FROM tally.stock_late AS l
    UNION ALL
    SELECT
        f.sku, f.warehouse_id, f.restocked + f.refunded + f.adjusted - f.sold, f.sold - f.shipped,
        CASE WHEN f.window_start < (SELECT k.until_at FROM k) THEN f.sold ELSE 0 END, 0,
        f.restocked + f.refunded + f.adjusted - f.sold, f.sold - f.shipped
    FROM tally.stock_flow_1m AS f
    WHERE f.window_start >= (SELECT k.closed_until FROM k)
    UNION ALL
    -- what has left the trailing 24 hours since the closing
    SELECT
        f.sku, f.warehouse_id, 0, 0, -f.sold, f.sold, f.sold - f.restocked - f.refunded - f.adjusted, f.shipped - f.sold
    FROM tally.stock_flow_1m AS f
    WHERE f.window_start >= (SELECT k.closed_day_ago FROM k) AND f.window_start < (SELECT k.day_ago FROM k)
    UNION ALL
    -- what has left the 24 hours before
    SELECT f.sku, f.warehouse_id, 0, 0, 0, -f.sold, 0, 0
    FROM tally.stock_flow_1m AS f
    WHERE f.window_start >= (SELECT k.closed_two_days_ago FROM k) AND f.window_start < (SELECT k.two_days_ago FROM k)
) AS p
GROUP BY p.sku, p.warehouse_id;

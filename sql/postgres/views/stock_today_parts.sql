-- One row is a part of the movements of one SKU in one warehouse in the store's today: closed windows, late changes to
--   them, or open windows. Rows are parts: sum them.
--   | 一行是一个 SKU 在一个仓库今日变动的一部分：已结算窗口、其迟到变化或未结算窗口；求和使用。
-- grain: none, rows are parts
-- window_start: Start of the minute; null for closed windows, which are one sum. | 分钟起点；已结算部分为一个合计，此列为空。 | time, UTC instant; attribute
CREATE VIEW tally.stock_today_parts AS
WITH k AS (
    SELECT
        c.day_start,
        g.closed_until,
        g.closed_until > c.day_start AS has_closed_part,
        g.closed_until > c.day_start AND g.day_start = c.day_start AS can_use_closed
    FROM tally.store_clock AS c
    CROSS JOIN tally.closing AS g
)

SELECT
    null::timestamptz AS window_start, s.sku, s.warehouse_id, s.sold_today AS sold, s.refunded_today AS refunded,
    s.restocked_today AS restocked, s.adjusted_today AS adjusted, s.shipped_today AS shipped, s.unmet_today AS unmet,
    s.gross_today AS gross_amount, s.discount_today AS discount_amount, s.refund_today AS refund_amount
FROM tally.stock_closed AS s
WHERE (SELECT k.can_use_closed FROM k)
UNION ALL
SELECT
    l.window_start, l.sku, l.warehouse_id, l.sold, l.refunded, l.restocked, l.adjusted, l.shipped, l.unmet,
    l.gross_amount, l.discount_amount, l.refund_amount
FROM tally.stock_late AS l
WHERE (SELECT k.can_use_closed FROM k) AND l.window_start >= (SELECT k.day_start FROM k)
UNION ALL
-- where the closed part is of another day (a held clock), every window of today is read
SELECT
    f.window_start, f.sku, f.warehouse_id, f.sold, f.refunded, f.restocked, f.adjusted, f.shipped, f.unmet,
    f.gross_amount, f.discount_amount, f.refund_amount
FROM tally.stock_flow_1m AS f
WHERE f.window_start >= (
    SELECT CASE WHEN k.can_use_closed THEN k.closed_until ELSE k.day_start END FROM k
);

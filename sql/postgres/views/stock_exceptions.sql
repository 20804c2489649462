-- One row is one SKU in one warehouse that needs action, the most urgent first: oversold, out of stock (fastest seller
--   first), then the least cover.
--   | 一行是需要处理的一个 SKU × 仓库，最急在前：超卖、缺货（卖得最快在前）、可售时长最短。
-- grain: sku, warehouse_id
-- urgency: Order of urgency, from 1. | 紧急次序，从 1 起。 | rank; not additive
-- history: Available at the end of each of the last 24 hours, oldest first; the last is now. Null beyond the 300 most
--   urgent rows.
--   | 最近 24 小时每小时末的可售库存，从旧到新，最后一个为现在；最急的 300 行之外为空。
--   | units; not additive
CREATE VIEW tally.stock_exceptions AS
WITH ranked AS (
    SELECT
        s.*,
        row_number() OVER (
            ORDER BY
                array_position(ARRAY['oversold', 'out_of_stock', 'cover_below_lead', 'below_safety'], s.state),
                CASE WHEN s.state = 'oversold' THEN s.available END,
                CASE WHEN s.state = 'out_of_stock' THEN s.units_per_hour END DESC NULLS LAST,
                s.hours_of_cover,
                s.sku,
                s.warehouse_id
        ) AS urgency
    FROM tally.stock_on_hand AS s
    WHERE s.state <> 'ok'
)

SELECT
    r.urgency,
    r.state,
    r.sku,
    r.warehouse_id,
    r.name_en,
    r.name_zh,
    r.category,
    w.name_en AS warehouse_name_en,
    w.name_zh AS warehouse_name_zh,
    r.available,
    r.committed,
    r.on_hand,
    r.units_per_hour,
    r.has_full_window,
    r.hours_of_cover,
    r.lead_time_hours,
    r.safety_stock,
    r.reorder_point,
    r.stock_out_at,
    r.reorder_quantity,
    h.history
FROM ranked AS r
LEFT JOIN tally.warehouses AS w ON w.warehouse_id = r.warehouse_id
LEFT JOIN LATERAL (
    SELECT array_agg(r.available - g.later ORDER BY g.hours_ago DESC) AS history
    FROM (
        SELECT n.hours_ago, coalesce(sum(m.change) OVER (
            ORDER BY n.hours_ago ROWS BETWEEN UNBOUNDED PRECEDING AND 1 PRECEDING
        ), 0)::bigint AS later
        FROM generate_series(0, 23) AS n (hours_ago)
        LEFT JOIN (
            SELECT f.hours_ago, sum(f.change) AS change
            FROM (
                SELECT
                    greatest(
                        floor(extract(epoch FROM (SELECT c.as_of FROM tally.store_clock AS c) - w.window_start) / 3600),
                        0
                    ) AS hours_ago,
                    w.restocked + w.refunded + w.adjusted - w.sold AS change
                FROM tally.stock_flow_1m AS w
                WHERE w.sku = r.sku AND w.warehouse_id = r.warehouse_id
                    AND w.window_start >= (SELECT c.as_of - interval '24 hours' FROM tally.store_clock AS c)
            ) AS f
            GROUP BY f.hours_ago
        ) AS m ON m.hours_ago = n.hours_ago
        WHERE r.urgency <= 300
    ) AS g
) AS h ON true
ORDER BY r.urgency;

-- One row, the only one, counts SKU × warehouse by state, now and 24 hours ago, and values the stock at cost.
--   | 唯一的一行：各状态的 SKU × 仓库数量与库存成本金额，含现在与 24 小时前。
-- grain: one row
-- stock_rows: SKU × warehouse that have stock or a stock policy. | 有库存或有库存策略的 SKU × 仓库数。 | SKU × warehouse; not additive
-- oversold: Available below 0. | 超卖：可售低于 0。 | SKU × warehouse; not additive
-- out_of_stock: Available 0. | 缺货：可售为 0。 | SKU × warehouse; not additive
-- cover_below_lead: Hours of cover less than the lead time, of those in stock. | 有库存但可售时长短于补货周期。 | SKU × warehouse; not additive
-- below_safety: Available below the safety stock, of those with enough cover. | 可售时长足够但低于安全库存。 | SKU × warehouse; not additive
-- stock_value_amount: Σ on hand (at least 0) × cost as of now. | 库存成本金额：在库（不小于 0）× 当前成本之和。 | minor units; not additive
-- stock_value: stock_value_amount in major units. | 以主单位表示的库存成本金额。 | major units; not additive
-- oversold_yesterday: The same 24 hours ago; null while yesterday's data is not all there. | 24 小时前的超卖数；数据不齐为空。 | SKU × warehouse; not additive
-- out_of_stock_yesterday: The same 24 hours ago. | 24 小时前的缺货数。 | SKU × warehouse; not additive
-- cover_below_lead_yesterday: The same 24 hours ago, by the sales of the 24 hours before. | 24 小时前可售时长短于补货周期的数量。 | SKU × warehouse; not additive
-- below_safety_yesterday: The same 24 hours ago. | 24 小时前低于安全库存的数量。 | SKU × warehouse; not additive
-- stock_value_amount_yesterday: The same 24 hours ago, at the costs of now. | 24 小时前的库存成本金额（按当前成本）。 | minor units; not additive
CREATE VIEW tally.inventory_counts AS
WITH window_hours AS (
    SELECT
        least(extract(epoch FROM c.as_of - h.earliest_window) / 3600, 24) AS hours,
        least(extract(epoch FROM c.as_of - interval '24 hours' - h.earliest_window) / 3600, 24) AS hours_then,
        h.has_yesterday
    FROM tally.store_clock AS c
    CROSS JOIN tally.history_covered AS h
),

positions AS (
    SELECT
        coalesce(s.available, 0) AS available,
        coalesce(s.available - s.change_24h, 0) AS available_then,
        coalesce(s.available, 0) + CASE WHEN x.shipments THEN coalesce(s.committed, 0) ELSE 0 END AS on_hand,
        coalesce(s.available - s.change_24h, 0)
            + CASE WHEN x.shipments THEN coalesce(s.committed - s.committed_change_24h, 0) ELSE 0 END AS on_hand_then,
        CASE WHEN w.hours >= 1 THEN coalesce(s.sold_24h, 0) / w.hours END AS velocity,
        CASE WHEN w.hours_then >= 1 THEN coalesce(s.sold_24h_before, 0) / w.hours_then END AS velocity_then,
        p.safety_stock,
        p.lead_time_hours,
        d.cost_amount
    FROM tally.stock_positions AS s
    FULL JOIN tally.stock_policy AS p ON p.sku = s.sku AND p.warehouse_id = s.warehouse_id
    CROSS JOIN window_hours AS w
    CROSS JOIN tally.store_settings AS x
    LEFT JOIN tally.products AS d ON d.sku = coalesce(s.sku, p.sku)
),

counted AS (
    SELECT
        count(*) AS stock_rows,
        count(*) FILTER (WHERE p.available < 0) AS oversold,
        count(*) FILTER (WHERE p.available = 0) AS out_of_stock,
        count(*) FILTER (WHERE p.available > 0 AND p.available < p.velocity * p.lead_time_hours) AS cover_below_lead,
        count(*) FILTER (
            WHERE p.available > 0 AND (p.available < p.velocity * p.lead_time_hours) IS NOT TRUE
                AND p.available < p.safety_stock
        ) AS below_safety,
        sum(greatest(p.on_hand, 0) * p.cost_amount::numeric) AS stock_value_amount,
        count(*) FILTER (WHERE p.available_then < 0) AS oversold_then,
        count(*) FILTER (WHERE p.available_then = 0) AS out_of_stock_then,
        count(*) FILTER (
            WHERE p.available_then > 0 AND p.available_then < p.velocity_then * p.lead_time_hours
        ) AS cover_below_lead_then,
        count(*) FILTER (
            WHERE p.available_then > 0 AND (p.available_then < p.velocity_then * p.lead_time_hours) IS NOT TRUE
                AND p.available_then < p.safety_stock
        ) AS below_safety_then,
        sum(greatest(p.on_hand_then, 0) * p.cost_amount::numeric) AS stock_value_amount_then
    FROM positions AS p
)

SELECT
    c.stock_rows,
    c.oversold,
    c.out_of_stock,
    c.cover_below_lead,
    c.below_safety,
    c.stock_value_amount,
    tally.major_units(c.stock_value_amount, x.minor_digits) AS stock_value,
    CASE WHEN w.has_yesterday THEN c.oversold_then END AS oversold_yesterday,
    CASE WHEN w.has_yesterday THEN c.out_of_stock_then END AS out_of_stock_yesterday,
    CASE WHEN w.has_yesterday THEN c.cover_below_lead_then END AS cover_below_lead_yesterday,
    CASE WHEN w.has_yesterday THEN c.below_safety_then END AS below_safety_yesterday,
    CASE WHEN w.has_yesterday THEN c.stock_value_amount_then END AS stock_value_amount_yesterday
FROM counted AS c
CROSS JOIN window_hours AS w
CROSS JOIN tally.store_settings AS x;

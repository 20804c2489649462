-- One row is the stock of one SKU in one warehouse now, all movements since the log began. A SKU that the stock policy
--   names has a row also before its first movement.
--   | 一行是一个 SKU 在一个仓库的当前库存（自日志开始的全部变动）；库存策略中的 SKU 在首次变动前也有一行。
-- grain: sku, warehouse_id
-- units_sold_24h: Units sold in the 24 hours up to the newest whole minute visible. | 截至最近可见整分钟的 24 小时售出件数。 | units; additive
-- stock_value_amount: on_hand (at least 0) × cost of one unit as of now; null without a cost.
--   | 库存成本金额 = 在库（不小于 0）× 当前单件成本；无成本时为空。
--   | minor units; additive
-- stock_value: stock_value_amount in major units. | 以主单位表示的库存成本金额。 | major units; additive
-- state: oversold (available < 0), out_of_stock (0), cover_below_lead (hours of cover < lead time), below_safety
--   (available < safety stock) or ok; the first that holds.
--   | oversold 超卖，out_of_stock 缺货，cover_below_lead 可售时长短于补货周期，below_safety 低于安全库存，ok 正常；取首个成立者。
--   | text; attribute
CREATE VIEW tally.stock_on_hand AS
WITH today AS (
    SELECT
        t.sku,
        t.warehouse_id,
        sum(t.restocked + t.refunded + t.adjusted - t.sold)::bigint AS change_today
    FROM tally.stock_today_parts AS t
    GROUP BY t.sku, t.warehouse_id
),

window_hours AS (
    SELECT
        c.as_of,
        c.minor_digits,
        coalesce(h.earliest_window <= c.as_of - interval '24 hours', false) AS has_full_window,
        least(extract(epoch FROM c.as_of - h.earliest_window) / 3600, 24) AS hours
    FROM tally.store_clock AS c
    CROSS JOIN tally.history_covered AS h
),

positions AS (
    SELECT
        coalesce(s.sku, p.sku) AS sku,
        coalesce(s.warehouse_id, p.warehouse_id) AS warehouse_id,
        coalesce(s.available, 0) AS available,
        CASE WHEN x.shipments THEN coalesce(s.committed, 0) ELSE 0 END AS committed,
        coalesce(s.sold_24h, 0) AS sold_24h,
        p.reorder_point,
        p.safety_stock,
        p.lead_time_hours,
        CASE WHEN w.hours >= 1 THEN coalesce(s.sold_24h, 0) / w.hours END AS units_per_hour,
        -- multiplied first: a rounded mean would order a piece too many
        CASE WHEN w.hours >= 1 THEN coalesce(s.sold_24h, 0) * p.lead_time_hours / w.hours END AS lead_time_units,
        w.has_full_window,
        w.as_of,
        w.minor_digits
    FROM tally.stock_positions AS s
    FULL JOIN tally.stock_policy AS p ON p.sku = s.sku AND p.warehouse_id = s.warehouse_id
    CROSS JOIN tally.store_settings AS x
    CROSS JOIN window_hours AS w
),

covered AS (
    SELECT
        p.*,
        greatest(p.available, 0) / nullif(p.units_per_hour, 0) AS hours_of_cover
    FROM positions AS p
)

SELECT
    v.sku,
    v.warehouse_id,
    d.name_en,
    d.name_zh,
    coalesce(d.category, 'unknown') AS category,
    v.available,
    v.committed,
    v.available + v.committed AS on_hand,
    v.available - coalesce(t.change_today, 0) AS opening,
    v.reorder_point,
    v.safety_stock,
    v.lead_time_hours,
    v.sold_24h AS units_sold_24h,
    v.units_per_hour,
    v.has_full_window,
    v.hours_of_cover,
    -- beyond ten years it is no forecast (and no timestamp)
    CASE
        WHEN v.available > 0 AND v.hours_of_cover < 87660 THEN v.as_of + v.hours_of_cover * interval '1 hour'
    END AS stock_out_at,
    greatest(ceil(v.lead_time_units + v.safety_stock - v.available), 0)::bigint AS reorder_quantity,
    greatest(v.available + v.committed, 0) * d.cost_amount::numeric AS stock_value_amount,
    tally.major_units(greatest(v.available + v.committed, 0) * d.cost_amount::numeric, v.minor_digits) AS stock_value,
    CASE
        WHEN v.available < 0 THEN 'oversold'
        WHEN v.available = 0 THEN 'out_of_stock'
        WHEN v.hours_of_cover < v.lead_time_hours THEN 'cover_below_lead'
        WHEN v.available < v.safety_stock THEN 'below_safety'
        ELSE 'ok'
    END AS state
FROM covered AS v
LEFT JOIN today AS t ON t.sku = v.sku AND t.warehouse_id = v.warehouse_id
LEFT JOIN tally.products AS d ON d.sku = v.sku;

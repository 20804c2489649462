-- One row is one SKU: units sold in the last seven store days / (what was there before + received in them).
-- grain: sku
SELECT
    w.sku,
    sum(w.sold) AS sold,
    sum(w.restocked) AS restocked,
    round(
        100.0 * sum(w.sold) / nullif(greatest(sum(w.opening + w.restocked) + sum(w.first_count), 0), 0), 1
    ) AS sell_through_percent
FROM (
    SELECT
        h.sku,
        coalesce(m.sold, 0) AS sold,
        coalesce(m.restocked, 0) AS restocked,
        h.available - coalesce(m.change, 0) AS opening,
        -- where nothing was before the week, the count of the first day in it is what was there before
        CASE WHEN h.available = m.change THEN greatest(m.adjusted_first_day, 0) ELSE 0 END AS first_count
    FROM tally.stock_on_hand AS h
    LEFT JOIN (
        SELECT
            f.sku,
            f.warehouse_id,
            sum(f.sold) AS sold,
            sum(f.restocked) AS restocked,
            sum(f.restocked + f.refunded + f.adjusted - f.sold) AS change,
            (array_agg(f.adjusted ORDER BY f.store_day))[1] AS adjusted_first_day
        FROM tally.stock_flow_by_day AS f
        WHERE f.store_day > (SELECT c.store_day - 7 FROM tally.store_clock AS c)
        GROUP BY f.sku, f.warehouse_id
    ) AS m ON m.sku = h.sku AND m.warehouse_id = h.warehouse_id
) AS w
GROUP BY w.sku
HAVING sum(w.sold + w.restocked) > 0
ORDER BY sell_through_percent DESC NULLS LAST, w.sku
LIMIT 50

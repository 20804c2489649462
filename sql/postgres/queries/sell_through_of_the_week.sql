-- One row is one SKU: units sold in the last seven store days / (what was there before + received in them).
-- grain: sku
SELECT
    f.sku,
    sum(f.sold) AS sold,
    sum(f.restocked) AS restocked,
    round(
        100.0 * sum(f.sold) / nullif(max(h.available) + sum(f.sold - f.refunded - f.adjusted), 0), 1
    ) AS sell_through_percent
FROM tally.stock_flow_by_day AS f
INNER JOIN (
    SELECT s.sku, sum(s.available) AS available
    FROM tally.stock_on_hand AS s
    GROUP BY s.sku
) AS h ON h.sku = f.sku
WHERE f.store_day > (SELECT c.store_day - 7 FROM tally.store_clock AS c)
GROUP BY f.sku
ORDER BY sell_through_percent DESC NULLS LAST, f.sku
LIMIT 50

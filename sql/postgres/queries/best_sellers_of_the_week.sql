-- One row is one of the 20 products with the most units sold in the last seven store days.
-- grain: sku
SELECT
    p.sku,
    p.name_en,
    p.category,
    sum(p.units) AS units,
    sum(p.gross_sales) AS gross_sales
FROM tally.product_sales_by_day AS p
WHERE p.store_day > (SELECT c.store_day - 7 FROM tally.store_clock AS c)
GROUP BY p.sku, p.name_en, p.category
ORDER BY units DESC, p.sku
LIMIT 20

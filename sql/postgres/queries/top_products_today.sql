-- One row is one of the ten products with the most GMV today, all channels.
-- grain: sku
-- refresh: 5 s
SELECT
    p.rank,
    p.rank_hour_ago,
    p.is_new,
    p.sku,
    p.name_en,
    p.name_zh,
    p.category,
    p.units,
    p.gross_amount
FROM tally.top_products_today AS p
ORDER BY p.rank, p.sku
LIMIT 10

-- One row is one warehouse and category: the median hours of cover of its SKUs. | 一行是一个仓库 × 品类：其 SKU 可售时长的中位数。
-- grain: warehouse_id, category
-- category: Category of the products as of now; unknown for SKUs that are not in the catalogue. | 商品当前所属品类；目录中没有的 SKU 为 unknown。 | text; key
-- median_hours_of_cover: Median over SKUs that sold in the trailing 24 hours; null when none did.
--   | 最近 24 小时有销售的 SKU 的中位可售时长；均无销售时为空。
--   | hours; not additive
-- skus: SKUs kept there. | 该处的 SKU 数。 | SKUs; additive
-- selling_skus: Of these, SKUs that sold in the trailing 24 hours. | 其中最近 24 小时有销售的 SKU 数。 | SKUs; additive
CREATE VIEW tally.stock_cover AS
SELECT
    s.warehouse_id,
    w.name_en AS warehouse_name_en,
    w.name_zh AS warehouse_name_zh,
    s.category,
    percentile_cont(0.5) WITHIN GROUP (ORDER BY s.hours_of_cover)::numeric AS median_hours_of_cover,
    count(*) AS skus,
    count(s.hours_of_cover) AS selling_skus
FROM tally.stock_on_hand AS s
LEFT JOIN tally.warehouses AS w ON w.warehouse_id = s.warehouse_id
GROUP BY s.warehouse_id, w.name_en, w.name_zh, s.category;

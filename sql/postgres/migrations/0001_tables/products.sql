-- One row is one product (SKU) of the catalogue, attributes as of now.
--   | 一行是目录中的一个商品（SKU），属性为当前值。
-- grain: sku
CREATE TABLE tally.products (
    sku text PRIMARY KEY,
    name_en text NOT NULL,
    name_zh text NOT NULL,
    category text NOT NULL,
    subcategory text,
    cost_amount bigint CHECK (cost_amount >= 0)
);

-- The schema that holds everything of this product. | 本产品的全部对象所在的模式。
-- grain: one schema
CREATE SCHEMA IF NOT EXISTS tally;

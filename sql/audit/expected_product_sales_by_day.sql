-- One row is the sales of one SKU in one store day as the public view has to show them, in minor units; DuckDB.
-- grain: key (store_day, sku)
CREATE OR REPLACE TABLE expected_product_sales_by_day AS
SELECT key,
       {
           'gross_amount': sum(part.gross_amount)::BIGINT,
           'discount_amount': sum(part.discount_amount)::BIGINT,
           'refund_amount': sum(part.refund_amount)::BIGINT,
           'net_amount': sum(part.gross_amount - part.discount_amount - part.refund_amount)::BIGINT,
           'lines': sum(part.lines)::BIGINT,
           'units': sum(part.units)::BIGINT,
           'refunded_units': sum(part.refunded_units)::BIGINT
       } AS measures
FROM lines_product_sales_by_day
WHERE is_counted
GROUP BY key

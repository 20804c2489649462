-- One row is the sales of one store day in one channel and region as the public view has to show them; DuckDB.
-- grain: key (store_day, channel, region)
CREATE OR REPLACE TABLE expected_sales_by_day AS
SELECT key,
       {
           'gross_amount': sum(part.gross_amount)::BIGINT,
           'discount_amount': sum(part.discount_amount)::BIGINT,
           'refund_amount': sum(part.refund_amount)::BIGINT,
           'net_amount': sum(part.gross_amount - part.discount_amount - part.refund_amount)::BIGINT,
           'orders': sum(part.orders)::BIGINT,
           'lines': sum(part.lines)::BIGINT,
           'units': sum(part.units)::BIGINT,
           'refunded_units': sum(part.refunded_units)::BIGINT
       } AS measures
FROM lines_sales_by_day
WHERE is_counted
GROUP BY key

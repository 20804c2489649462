-- One row is the sales of five minutes in one channel, as the parts of the headline numbers have to add up; DuckDB.
-- grain: key (window_start, channel)
CREATE OR REPLACE TABLE expected_sales_parts_5m AS
SELECT key,
       {
           'gross_amount': sum(part.gross_amount)::BIGINT,
           'discount_amount': sum(part.discount_amount)::BIGINT,
           'refund_amount': sum(part.refund_amount)::BIGINT,
           'orders': sum(part.orders)::BIGINT,
           'lines': sum(part.lines)::BIGINT,
           'units': sum(part.units)::BIGINT,
           'refunded_units': sum(part.refunded_units)::BIGINT
       } AS measures
FROM lines_sales_parts_5m
WHERE is_counted
GROUP BY key

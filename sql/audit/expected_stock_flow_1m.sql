-- One row is one minute of one SKU in one warehouse as it must be, from records of one append date; DuckDB.
-- grain: key (window_start, sku, warehouse_id, log_date)
CREATE OR REPLACE TABLE expected_stock_flow_1m AS
SELECT key,
       {
           'sold': sum(part.sold)::BIGINT,
           'refunded': sum(part.refunded)::BIGINT,
           'restocked': sum(part.restocked)::BIGINT,
           'adjusted': sum(part.adjusted)::BIGINT,
           'shipped': sum(part.shipped)::BIGINT,
           'unmet': sum(part.unmet)::BIGINT,
           'gross_amount': sum(part.gross_amount)::BIGINT,
           'discount_amount': sum(part.discount_amount)::BIGINT,
           'refund_amount': sum(part.refund_amount)::BIGINT,
           'lines': sum(part.lines)::BIGINT,
           'refunded_units': sum(part.refunded_units)::BIGINT,
           'event_count': count(*)
       } AS measures
FROM lines_stock_flow_1m
WHERE is_counted
GROUP BY key

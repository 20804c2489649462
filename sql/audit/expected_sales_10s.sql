-- One row is one 10-second window of one channel and region as it must be, from records of one append date; DuckDB.
-- grain: key (window_start, channel, region, log_date)
CREATE OR REPLACE TABLE expected_sales_10s AS
SELECT key,
       {
           'gross_amount': sum(part.gross_amount)::BIGINT,
           'discount_amount': sum(part.discount_amount)::BIGINT,
           'refund_amount': sum(part.refund_amount)::BIGINT,
           'orders': sum(part.orders)::BIGINT,
           'lines': sum(part.lines)::BIGINT,
           'units': sum(part.units)::BIGINT,
           'refunded_units': sum(part.refunded_units)::BIGINT,
           'event_count': count(*),
           'newest_event_time': make_timestamp(max(part.event_time) * 1000)
       } AS measures
FROM lines_sales_10s
WHERE is_counted
GROUP BY key

-- One row is one second of orders as it must be, from records of one append date; DuckDB.
-- grain: key (second, log_date)
CREATE OR REPLACE TABLE expected_orders_1s AS
SELECT key,
       {
           'orders': sum(part.orders)::BIGINT,
           'event_count': count(*)
       } AS measures
FROM lines_orders_1s
WHERE is_counted
GROUP BY key

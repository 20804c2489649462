-- One row is the first of the busiest seconds of a quarter of an hour, of which a day's peak is made; DuckDB.
-- grain: key (window_start)
CREATE OR REPLACE TABLE expected_peak_orders_15m AS
WITH seconds AS (
    SELECT key,
           part.second AS second,
           count(*) AS orders
    FROM lines_peak_orders_15m
    WHERE is_counted
    GROUP BY key, part.second
),

busiest AS (
    SELECT key,
           max(orders) AS orders
    FROM seconds
    GROUP BY key
)

SELECT b.key,
       {
           'orders': b.orders,
           'second': min(s.second)
       } AS measures
FROM busiest AS b
INNER JOIN seconds AS s
    ON s.key = b.key
    AND s.orders = b.orders
GROUP BY b.key, b.orders

-- One row is the orders of one second of event time.
-- grain: second, log_date
INSERT INTO orders_1s
SELECT
    `second`,
    log_date,
    event_count AS orders,
    event_count
FROM order_seconds

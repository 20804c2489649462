-- One row is the orders of one second of event time.
-- grain: second, log_date
INSERT INTO orders_1s
SELECT
    window_start AS `second`,
    CAST(append_time AS DATE) AS log_date,
    COUNT(*) AS orders,
    COUNT(*) AS event_count
FROM TABLE(TUMBLE(TABLE unique_events, DESCRIPTOR(event_ts), INTERVAL '1' SECOND))
WHERE event_type = 'sale' AND line_no = 1
GROUP BY window_start, CAST(append_time AS DATE)

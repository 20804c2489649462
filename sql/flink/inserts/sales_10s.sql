-- One row is the sales and refunds of one 10-second window of event time in one channel and region.
-- grain: window_start, channel, region, log_date
-- Never window_end in GROUP BY: the planner then takes the operator that drops late events.
INSERT INTO sales_10s
SELECT
    window_start,
    channel,
    region,
    CAST(append_time AS DATE) AS log_date,
    SUM(CASE WHEN event_type = 'sale' THEN gross_amount ELSE 0 END) AS gross_amount,
    SUM(CASE WHEN event_type = 'sale' THEN discount_amount ELSE 0 END) AS discount_amount,
    SUM(CASE WHEN event_type = 'refund' THEN gross_amount - discount_amount ELSE 0 END) AS refund_amount,
    SUM(CASE WHEN event_type = 'sale' AND line_no = 1 THEN CAST(1 AS BIGINT) ELSE 0 END) AS orders,
    SUM(CASE WHEN event_type = 'sale' THEN CAST(1 AS BIGINT) ELSE 0 END) AS lines,
    SUM(CASE WHEN event_type = 'sale' THEN quantity ELSE 0 END) AS units,
    SUM(CASE WHEN event_type = 'refund' THEN quantity ELSE 0 END) AS refunded_units,
    COUNT(*) AS event_count,
    CAST(TO_TIMESTAMP_LTZ(MAX(event_time), 3) AS TIMESTAMP(3)) AS newest_event_time
FROM TABLE(TUMBLE(TABLE unique_events, DESCRIPTOR(event_ts), INTERVAL '10' SECOND))
WHERE event_type IN ('sale', 'refund')
GROUP BY window_start, channel, region, CAST(append_time AS DATE)

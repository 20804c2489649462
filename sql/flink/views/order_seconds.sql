-- One row is the orders of one second of event time, and the one to show: packed, with the greatest order_id.
-- grain: second, log_date
-- orders_1s and order_ticker share it, so that one aggregate serves both. One packed MAX, because a MAX per column
-- would mix two orders. U+0000 is in no field and below every character: packed strings compare as (order_id, event_id).
CREATE TEMPORARY VIEW order_seconds AS
SELECT
    window_start AS `second`,
    CAST(append_time AS DATE) AS log_date,
    MAX(CONCAT_WS(
        CHR(0),
        order_id,
        event_id,
        CAST(event_time AS STRING),
        sku,
        CAST(quantity AS STRING),
        channel,
        region,
        CAST(gross_amount - discount_amount AS STRING)
    )) AS shown,
    COUNT(*) AS event_count
FROM TABLE(TUMBLE(TABLE unique_events, DESCRIPTOR(event_ts), INTERVAL '1' SECOND))
WHERE event_type = 'sale' AND line_no = 1
GROUP BY window_start, CAST(append_time AS DATE)

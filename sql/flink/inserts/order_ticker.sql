-- One row is one order shown for its second of event time: the one with the greatest order_id.
-- grain: second, log_date
-- One packed MAX, split afterwards: a MAX per column would mix two orders. U+0000 is in no field and below every
-- character, so packed strings compare as (order_id, event_id).
INSERT INTO order_ticker
SELECT
    `second`,
    log_date,
    CAST(TO_TIMESTAMP_LTZ(CAST(SPLIT_INDEX(shown, CHR(0), 2) AS BIGINT), 3) AS TIMESTAMP(3)) AS ordered_at,
    SPLIT_INDEX(shown, CHR(0), 0) AS order_id,
    SPLIT_INDEX(shown, CHR(0), 3) AS sku,
    CAST(SPLIT_INDEX(shown, CHR(0), 4) AS BIGINT) AS quantity,
    SPLIT_INDEX(shown, CHR(0), 5) AS channel,
    SPLIT_INDEX(shown, CHR(0), 6) AS region,
    CAST(SPLIT_INDEX(shown, CHR(0), 7) AS BIGINT) AS amount,
    event_count
FROM (
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
)

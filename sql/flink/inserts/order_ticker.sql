-- One row is one order shown for its second of event time: the one with the greatest order_id.
-- grain: second, log_date
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
FROM order_seconds

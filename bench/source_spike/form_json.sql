-- One row is one record that Flink's JSON format can read, with a verdict in SQL; not exact, see docs/decisions/0001.
-- grain: log_partition, log_offset
INSERT INTO parsed_events
SELECT
    CASE WHEN CHAR_LENGTH(event_id) BETWEEN 1 AND 128
        AND event_type IN ('sale', 'refund', 'restock', 'adjustment', 'shipment', 'unmet')
        AND time_ms BETWEEN 631152000000 AND append_ms + 300000
        AND CHAR_LENGTH(sku) BETWEEN 1 AND 128
        AND CHAR_LENGTH(warehouse_id) BETWEEN 1 AND 128
        AND units BETWEEN -1000000 AND 1000000
        AND currency = 'CNY'
        AND (event_type NOT IN ('sale', 'refund') OR (
            CHAR_LENGTH(order_id) BETWEEN 1 AND 128
            AND line_number >= 1
            AND CHAR_LENGTH(channel) BETWEEN 1 AND 128
            AND CHAR_LENGTH(region) BETWEEN 1 AND 128
            AND unit * units BETWEEN 0 AND 1000000000000
            AND COALESCE(discount, 0) BETWEEN 0 AND unit * units
        ))
        THEN CAST(NULL AS STRING) ELSE 'broken' END,
    event_id,
    event_type,
    time_ms,
    sku,
    warehouse_id,
    units,
    order_id,
    line_number,
    channel,
    region,
    units * unit,
    COALESCE(discount, 0),
    to_stock = 'true',
    SUBSTR(SHA256(customer_id), 1, 32),
    CAST(NULL AS BIGINT),
    time_ms < COALESCE(sent_ms, append_ms) - 60000,
    CAST(NULL AS STRING),
    log_partition,
    log_offset
FROM json_numbers

-- One row is the movements of one SKU in one warehouse in one minute of event time.
-- grain: window_start, sku, warehouse_id, log_date
INSERT INTO stock_flow_1m
SELECT
    window_start,
    sku,
    warehouse_id,
    CAST(append_time AS DATE) AS log_date,
    SUM(CASE WHEN event_type = 'sale' THEN quantity ELSE 0 END) AS sold,
    SUM(CASE WHEN event_type = 'refund' AND to_stock THEN quantity ELSE 0 END) AS refunded,
    SUM(CASE WHEN event_type = 'restock' THEN quantity ELSE 0 END) AS restocked,
    SUM(CASE WHEN event_type = 'adjustment' THEN quantity ELSE 0 END) AS adjusted,
    SUM(CASE WHEN event_type = 'shipment' THEN quantity ELSE 0 END) AS shipped,
    SUM(CASE WHEN event_type = 'unmet' THEN quantity ELSE 0 END) AS unmet,
    SUM(CASE WHEN event_type = 'sale' THEN gross_amount ELSE 0 END) AS gross_amount,
    SUM(CASE WHEN event_type = 'sale' THEN discount_amount ELSE 0 END) AS discount_amount,
    SUM(CASE WHEN event_type = 'refund' THEN gross_amount - discount_amount ELSE 0 END) AS refund_amount,
    SUM(CASE WHEN event_type = 'sale' THEN CAST(1 AS BIGINT) ELSE 0 END) AS lines,
    SUM(CASE WHEN event_type = 'refund' THEN quantity ELSE 0 END) AS refunded_units,
    COUNT(*) AS event_count
FROM TABLE(TUMBLE(TABLE unique_events, DESCRIPTOR(event_ts), INTERVAL '1' MINUTE))
GROUP BY window_start, sku, warehouse_id, CAST(append_time AS DATE)

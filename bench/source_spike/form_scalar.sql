-- One row is one record, parsed by one call of a scalar function that gives a ROW.
-- grain: log_partition, log_offset
INSERT INTO parsed_events
SELECT
    parsed.reason,
    parsed.event_id,
    parsed.event_type,
    parsed.event_time,
    parsed.sku,
    parsed.warehouse_id,
    parsed.quantity,
    parsed.order_id,
    parsed.line_no,
    parsed.channel,
    parsed.region,
    parsed.gross_amount,
    parsed.discount_amount,
    parsed.to_stock,
    parsed.buyer,
    parsed.store_day,
    parsed.late,
    parsed.line,
    log_partition,
    log_offset
FROM (
    SELECT
        ${function}(`value`, EXTRACT(EPOCH FROM append_time) * 1000 + EXTRACT(MILLISECOND FROM append_time)) AS parsed,
        log_partition,
        log_offset
    FROM raw_records
)

-- One row is one record, parsed by one call of a table function.
-- grain: log_partition, log_offset
INSERT INTO parsed_events
SELECT
    T.reason,
    T.event_id,
    T.event_type,
    T.event_time,
    T.sku,
    T.warehouse_id,
    T.quantity,
    T.order_id,
    T.line_no,
    T.channel,
    T.region,
    T.gross_amount,
    T.discount_amount,
    T.to_stock,
    T.buyer,
    T.store_day,
    T.late,
    T.line,
    log_partition,
    log_offset
FROM raw_records,
    LATERAL TABLE(parse_rows(
        `value`, EXTRACT(EPOCH FROM append_time) * 1000 + EXTRACT(MILLISECOND FROM append_time)
    )) AS T (reason, event_id, event_type, event_time, sku, warehouse_id, quantity, order_id, line_no, channel, region, gross_amount, discount_amount, to_stock, buyer, store_day, late, line)

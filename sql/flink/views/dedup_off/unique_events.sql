-- One row is one accepted event; repeats are counted too, because TALLY_DEDUP is off.
-- grain: log_partition, log_offset
CREATE TEMPORARY VIEW unique_events AS
SELECT
    log_partition,
    log_offset,
    append_time,
    event_ts,
    event_id,
    event_type,
    event_time,
    sku,
    warehouse_id,
    quantity,
    order_id,
    line_no,
    channel,
    region,
    gross_amount,
    discount_amount,
    to_stock,
    buyer,
    store_day,
    late
FROM sales_events
WHERE reason IS NULL

-- One row is one accepted event, counted once: the first copy read; ids are remembered for the dedup horizon.
-- grain: event_id
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
FROM (
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
        late,
        ROW_NUMBER() OVER (PARTITION BY event_id ORDER BY read_at ASC) AS copy_no
    FROM sales_events
    WHERE reason IS NULL
)
WHERE copy_no = 1

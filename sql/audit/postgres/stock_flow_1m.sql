-- One row is one row of stock_flow_1m, times as UTC without a zone; Postgres.
-- grain: window_start, sku, warehouse_id, log_date
COPY (
    SELECT window_start AT TIME ZONE 'UTC' AS window_start,
           sku,
           warehouse_id,
           log_date,
           sold,
           refunded,
           restocked,
           adjusted,
           shipped,
           unmet,
           gross_amount,
           discount_amount,
           refund_amount,
           lines,
           refunded_units,
           event_count
    FROM tally.stock_flow_1m
) TO STDOUT (FORMAT csv, HEADER)

-- One row is one row of order_ticker, times as UTC without a zone; Postgres.
-- grain: second, log_date
COPY (
    SELECT second AT TIME ZONE 'UTC' AS second,
           log_date,
           ordered_at AT TIME ZONE 'UTC' AS ordered_at,
           order_id,
           sku,
           quantity,
           channel,
           region,
           amount,
           event_count
    FROM tally.order_ticker
) TO STDOUT (FORMAT csv, HEADER)

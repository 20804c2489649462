-- One row is one row of sales_10s, times as UTC without a zone; Postgres.
-- grain: window_start, channel, region, log_date
COPY (
    SELECT window_start AT TIME ZONE 'UTC' AS window_start,
           channel,
           region,
           log_date,
           gross_amount,
           discount_amount,
           refund_amount,
           orders,
           lines,
           units,
           refunded_units,
           event_count,
           newest_event_time AT TIME ZONE 'UTC' AS newest_event_time
    FROM tally.sales_10s
) TO STDOUT (FORMAT csv, HEADER)

-- One row is one row of orders_1s, times as UTC without a zone; Postgres.
-- grain: second, log_date
COPY (
    SELECT second AT TIME ZONE 'UTC' AS second,
           log_date,
           orders,
           event_count
    FROM tally.orders_1s
) TO STDOUT (FORMAT csv, HEADER)

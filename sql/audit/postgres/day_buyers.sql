-- One row is one row of day_buyers, times as UTC without a zone; Postgres.
-- grain: store_day, buyer, log_date
COPY (
    SELECT store_day,
           buyer,
           log_date,
           first_purchase_at AT TIME ZONE 'UTC' AS first_purchase_at,
           event_count
    FROM tally.day_buyers
) TO STDOUT (FORMAT csv, HEADER)

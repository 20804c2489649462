-- One row is one customer (as a keyed hash) who bought in one store day, from records of one append date; DuckDB.
-- grain: key (store_day, buyer, log_date)
CREATE OR REPLACE TABLE expected_day_buyers AS
SELECT key,
       {
           'first_purchase_at': make_timestamp(min(part.event_time) * 1000),
           'event_count': count(*)
       } AS measures
FROM lines_day_buyers
WHERE is_counted
GROUP BY key

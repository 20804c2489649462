-- One row is one quarter of an hour (UTC, counted since 1970) in which something was sold or refunded; DuckDB.
-- grain: quarter_hour
-- Every time zone's offset since 1990 is a whole number of them, so all times of one share their store day.
SELECT DISTINCT event_time // 900000 AS quarter_hour
FROM events
WHERE event_type IN ('sale', 'refund')

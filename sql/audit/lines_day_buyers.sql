-- One row is one sale line of a known customer with the row of day_buyers it belongs to; DuckDB.
-- grain: partition, offset
CREATE OR REPLACE VIEW lines_day_buyers AS
SELECT e."partition",
       e."offset",
       e.append_time_ms,
       e.event_id,
       e.is_counted,
       e.is_counted::INTEGER AS weight,
       {
           'store_day': d.store_day,
           'buyer': e.buyer,
           'log_date': e.log_date
       } AS key,
       { 'event_time': e.event_time } AS part
FROM events AS e
INNER JOIN store_days AS d
    ON d.quarter_hour = e.event_time // 900000
WHERE e.event_type = 'sale'
  AND e.buyer IS NOT NULL

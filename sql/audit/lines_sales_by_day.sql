-- One row is one sale or refund with the row of the view sales_by_day it belongs to and what it adds to it; DuckDB.
-- grain: partition, offset
CREATE OR REPLACE VIEW lines_sales_by_day AS
SELECT e."partition",
       e."offset",
       e.append_time_ms,
       e.event_id,
       e.is_counted,
       e.is_counted::INTEGER AS weight,
       {
           'store_day': d.store_day,
           'channel': e.channel,
           'region': e.region
       } AS key,
       {
           'gross_amount': CASE e.event_type WHEN 'sale' THEN e.quantity * e.unit_amount ELSE 0 END,
           'discount_amount': CASE e.event_type WHEN 'sale' THEN e.discount_amount ELSE 0 END,
           'refund_amount': CASE e.event_type
               WHEN 'refund' THEN e.quantity * e.unit_amount - e.discount_amount
               ELSE 0
           END,
           'orders': (e.event_type = 'sale' AND e.line_no = 1)::INTEGER,
           'lines': (e.event_type = 'sale')::INTEGER,
           'units': CASE e.event_type WHEN 'sale' THEN e.quantity ELSE 0 END,
           'refunded_units': CASE e.event_type WHEN 'refund' THEN e.quantity ELSE 0 END
       } AS part
FROM events AS e
INNER JOIN store_days AS d
    ON d.quarter_hour = e.event_time // 900000
WHERE e.event_type IN ('sale', 'refund')

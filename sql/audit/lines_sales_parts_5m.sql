-- One row is one sale or refund with the five minutes of one channel it belongs to and what it adds to them; DuckDB.
-- grain: partition, offset
CREATE OR REPLACE VIEW lines_sales_parts_5m AS
SELECT "partition",
       "offset",
       append_time_ms,
       event_id,
       is_counted,
       is_counted::INTEGER AS weight,
       {
           'window_start': make_timestamp(event_time // 300000 * 300000000),
           'channel': channel
       } AS key,
       {
           'gross_amount': CASE event_type WHEN 'sale' THEN quantity * unit_amount ELSE 0 END,
           'discount_amount': CASE event_type WHEN 'sale' THEN discount_amount ELSE 0 END,
           'refund_amount': CASE event_type WHEN 'refund' THEN quantity * unit_amount - discount_amount ELSE 0 END,
           'orders': (event_type = 'sale' AND line_no = 1)::INTEGER,
           'lines': (event_type = 'sale')::INTEGER,
           'units': CASE event_type WHEN 'sale' THEN quantity ELSE 0 END,
           'refunded_units': CASE event_type WHEN 'refund' THEN quantity ELSE 0 END
       } AS part
FROM events
WHERE event_type IN ('sale', 'refund')

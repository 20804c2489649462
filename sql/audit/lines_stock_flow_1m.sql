-- One row is one event with the row of stock_flow_1m it belongs to and what it adds, money in minor units; DuckDB.
-- grain: partition, offset
CREATE OR REPLACE VIEW lines_stock_flow_1m AS
SELECT "partition",
       "offset",
       append_time_ms,
       event_id,
       is_counted,
       is_counted::INTEGER AS weight,
       {
           'window_start': make_timestamp(event_time // 60000 * 60000000),
           'sku': sku,
           'warehouse_id': warehouse_id,
           'log_date': log_date
       } AS key,
       {
           'sold': CASE event_type WHEN 'sale' THEN quantity ELSE 0 END,
           'refunded': CASE WHEN event_type = 'refund' AND to_stock THEN quantity ELSE 0 END,
           'restocked': CASE event_type WHEN 'restock' THEN quantity ELSE 0 END,
           'adjusted': CASE event_type WHEN 'adjustment' THEN quantity ELSE 0 END,
           'shipped': CASE event_type WHEN 'shipment' THEN quantity ELSE 0 END,
           'unmet': CASE event_type WHEN 'unmet' THEN quantity ELSE 0 END,
           'gross_amount': CASE event_type WHEN 'sale' THEN quantity * unit_amount ELSE 0 END,
           'discount_amount': CASE event_type WHEN 'sale' THEN discount_amount ELSE 0 END,
           'refund_amount': CASE event_type WHEN 'refund' THEN quantity * unit_amount - discount_amount ELSE 0 END,
           'lines': (event_type = 'sale')::INTEGER,
           'refunded_units': CASE event_type WHEN 'refund' THEN quantity ELSE 0 END
       } AS part
FROM events
WHERE event_type IS NOT NULL

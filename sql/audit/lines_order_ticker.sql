-- One row is one first line of an order with the row of order_ticker it belongs to and what that would show; DuckDB.
-- grain: partition, offset
CREATE OR REPLACE VIEW lines_order_ticker AS
SELECT "partition",
       "offset",
       append_time_ms,
       event_id,
       is_counted,
       is_counted::INTEGER AS weight,
       {
           'second': make_timestamp(event_time // 1000 * 1000000),
           'log_date': log_date
       } AS key,
       {
           'ordered_at': make_timestamp(event_time * 1000),
           'order_id': order_id,
           'sku': sku,
           'quantity': quantity,
           'channel': channel,
           'region': region,
           'amount': quantity * unit_amount - discount_amount
       } AS part
FROM events
WHERE event_type = 'sale'
  AND line_no = 1

-- One row is the order shown for one second (the greatest order_id), from records of one append date; DuckDB.
-- grain: key (second, log_date)
CREATE OR REPLACE TABLE expected_order_ticker AS
WITH shown AS (
    SELECT key,
           max_by(part, part.order_id) AS part,
           count(*) AS event_count
    FROM lines_order_ticker
    WHERE is_counted
    GROUP BY key
)

SELECT key,
       {
           'ordered_at': part.ordered_at,
           'order_id': part.order_id,
           'sku': part.sku,
           'quantity': part.quantity,
           'channel': part.channel,
           'region': part.region,
           'amount': part.amount,
           'event_count': event_count
       } AS measures
FROM shown

-- One row is one of the newest orders in one channel (null: all), newest first.
-- grain: ordered_at, order_id
-- refresh: 2 s
SELECT
    o.ordered_at,
    o.order_id,
    o.sku,
    o.name_en,
    o.name_zh,
    o.quantity,
    o.channel,
    o.region,
    o.amount
FROM tally.latest_orders AS o
WHERE o.channel = %(channel)s OR %(channel)s IS NULL
ORDER BY o.ordered_at DESC, o.order_id DESC
LIMIT 20

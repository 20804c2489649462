-- One row is one of the newest orders, newest first. Of all channels: the view holds one order of each second, so that
--   those of one channel can't be picked from it.
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
ORDER BY o.ordered_at DESC, o.order_id DESC
LIMIT 20

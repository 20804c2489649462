-- One row is one order, shown by one of its lines, newest event time first; at high rates one order of each second.
--   | 一行是一笔订单（以其中一行展示），按事件时间从新到旧；高并发时每秒仅展示一笔。
-- grain: second
-- amount: Paid for the shown line: quantity × unit price − discount. | 所示订单行的实付金额：数量 × 单价 − 折扣。 | minor units; not additive
-- amount_major: amount in major units. | 以主单位表示的 amount。 | major units; not additive
CREATE VIEW tally.latest_orders AS
SELECT
    t.second,
    t.ordered_at,
    t.order_id,
    t.sku,
    p.name_en,
    p.name_zh,
    t.quantity,
    t.channel,
    t.region,
    t.amount,
    tally.major_units(t.amount, x.minor_digits) AS amount_major
FROM (
    -- a second with orders appended on two dates has two candidates; the greatest order_id is shown, as the job does it
    SELECT o.*
    FROM tally.order_ticker AS o
    WHERE NOT EXISTS (
        SELECT FROM tally.order_ticker AS n
        WHERE n.second = o.second AND (n.order_id, n.log_date) > (o.order_id, o.log_date)
    )
    ORDER BY o.second DESC
    LIMIT 200
) AS t
LEFT JOIN tally.products AS p ON p.sku = t.sku
CROSS JOIN tally.store_settings AS x
ORDER BY t.second DESC;

-- One row is one of the last 24 whole 5-minute steps in one channel (channel is null: all channels).
--   | 一行是最近 24 个完整 5 分钟步长之一、一个渠道（channel 为空表示全部渠道）。
-- grain: channel, step_start
-- channel: Channel; null for all channels together. | 渠道；为空表示全部渠道合计。 | text; key
-- step_start: Start of the step. | 步长起点。 | time, UTC instant; key
-- aov_amount: AOV of the step: (gross − discount) / orders; null without orders. | 该步客单价：（GMV − 折扣）/ 订单数；无订单时为空。 | minor units, with a fraction; not additive
-- refund_rate: Refunded amount / gross of the step; null without sales. | 该步退款率：退款额 / GMV；无销售时为空。 | share of 1; not additive
-- new_buyers: Customers whose first purchase of the store day is in the step; null for a single channel. | 当日首次购买落在该步的顾客数；单一渠道为空。 | customers; additive
-- peak_orders: Most orders in one second of the step; null for a single channel. | 该步单秒最高订单数；单一渠道为空。 | orders per second; not additive
CREATE VIEW tally.kpi_sparklines AS
WITH bounds AS (
    SELECT
        date_bin('5 minutes', c.as_of, '2000-01-01 00:00+00') - interval '2 hours' AS from_at,
        date_bin('5 minutes', c.as_of, '2000-01-01 00:00+00') AS until_at,
        (date_bin('5 minutes', c.as_of, '2000-01-01 00:00+00') - interval '2 hours') AT TIME ZONE c.store_zone
            AS from_local
    FROM tally.store_clock AS c
),

sales AS (
    SELECT
        date_bin('5 minutes', s.window_start, '2000-01-01 00:00+00') AS step_start,
        s.channel,
        sum(s.gross_amount) AS gross_amount,
        sum(s.discount_amount) AS discount_amount,
        sum(s.refund_amount) AS refund_amount,
        sum(s.orders) AS orders,
        sum(s.units) AS units
    FROM tally.sales_parts_5m AS s
    WHERE s.window_start >= (SELECT b.from_at FROM bounds AS b)
        AND s.window_start < (SELECT b.until_at FROM bounds AS b)
    GROUP BY GROUPING SETS (
        (date_bin('5 minutes', s.window_start, '2000-01-01 00:00+00')),
        (date_bin('5 minutes', s.window_start, '2000-01-01 00:00+00'), s.channel)
    )
),

steps AS (
    SELECT g AS step_start, x.channel
    FROM bounds AS b
    CROSS JOIN (SELECT s.channel FROM sales AS s UNION SELECT null) AS x
    CROSS JOIN LATERAL generate_series(b.from_at, b.until_at - interval '5 minutes', interval '5 minutes') AS g
),

buyers AS (
    SELECT date_bin('5 minutes', f.first_at, '2000-01-01 00:00+00') AS step_start, count(*) AS new_buyers
    FROM (
        SELECT min(d.first_purchase_at) AS first_at
        FROM tally.day_buyers AS d
        WHERE d.store_day >= (SELECT b.from_local::date FROM bounds AS b)
        GROUP BY d.store_day, d.buyer
        HAVING min(d.first_purchase_at) >= (SELECT b.from_at FROM bounds AS b)
    ) AS f
    GROUP BY date_bin('5 minutes', f.first_at, '2000-01-01 00:00+00')
),

peaks AS (
    SELECT date_bin('5 minutes', t.second, '2000-01-01 00:00+00') AS step_start, max(t.orders)::bigint AS peak_orders
    FROM (
        SELECT o.second, sum(o.orders) AS orders
        FROM tally.orders_1s AS o
        WHERE o.second >= (SELECT b.from_at FROM bounds AS b) AND o.second < (SELECT b.until_at FROM bounds AS b)
        GROUP BY o.second
    ) AS t
    GROUP BY date_bin('5 minutes', t.second, '2000-01-01 00:00+00')
)

SELECT
    t.channel,
    t.step_start,
    coalesce(s.gross_amount, 0) AS gross_amount,
    coalesce(s.gross_amount - s.discount_amount - s.refund_amount, 0) AS net_amount,
    coalesce(s.orders, 0)::bigint AS orders,
    coalesce(s.units, 0)::bigint AS units,
    (s.gross_amount - s.discount_amount) / nullif(s.orders, 0) AS aov_amount,
    s.refund_amount / nullif(s.gross_amount, 0) AS refund_rate,
    CASE WHEN t.channel IS NULL THEN coalesce(b.new_buyers, 0) END AS new_buyers,
    CASE WHEN t.channel IS NULL THEN coalesce(p.peak_orders, 0) END AS peak_orders
FROM steps AS t
LEFT JOIN sales AS s ON s.step_start = t.step_start AND coalesce(s.channel, '') = coalesce(t.channel, '')
LEFT JOIN buyers AS b ON b.step_start = t.step_start
LEFT JOIN peaks AS p ON p.step_start = t.step_start;

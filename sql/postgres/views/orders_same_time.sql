-- One row is the busiest second and the buyers of the store's today, or of the same elapsed time (whole 10 seconds) of
--   yesterday or of the same weekday last week. Periods without data have no rows.
--   | 一行是今天、或昨日／上周同日同一已过时长（整 10 秒）内的峰值秒与买家数；数据不齐的时段没有行。
-- grain: period
-- peak_orders: Most orders in one second. | 单秒最高订单数。 | orders per second; not additive
-- peak_at: The first second with that many orders. | 首个达到峰值的秒。 | time, UTC instant; not additive
-- buyers: Distinct customers, counted at their first purchase of the store day; not additive over days.
--   | 买家数：按当日首次购买计数的去重顾客，跨日不可相加。
--   | customers; not additive
CREATE VIEW tally.orders_same_time AS
WITH cut AS (
    SELECT
        p.*,
        least(date_bin('15 minutes', p.until_at, '2000-01-01 00:00+00'), k.orders_closed_until) AS quarter_at
    FROM tally.comparison_periods AS p
    CROSS JOIN tally.closing AS k
)

SELECT
    p.period,
    s.orders::bigint AS peak_orders,
    s.second AS peak_at,
    b.buyers
FROM cut AS p
LEFT JOIN LATERAL (
    SELECT o.orders, o.second
    FROM (
        SELECT k.orders, k.second
        FROM tally.orders_closed_15m AS k
        WHERE k.window_start >= p.start_at AND k.window_start < p.quarter_at
        UNION ALL
        SELECT sum(w.orders), w.second
        FROM tally.orders_1s AS w
        WHERE w.second >= greatest(p.start_at, p.quarter_at) AND w.second < p.until_at
        GROUP BY w.second
        UNION ALL
        SELECT sum(w.orders), w.second
        FROM tally.orders_1s AS w
        WHERE w.second IN (
            SELECT l.second FROM tally.orders_late AS l WHERE l.second >= p.start_at AND l.second < p.until_at
        )
        GROUP BY w.second
    ) AS o
    ORDER BY o.orders DESC, o.second
    LIMIT 1
) AS s ON true
CROSS JOIN LATERAL (
    SELECT count(*) AS buyers
    FROM (
        SELECT d.buyer
        FROM tally.day_buyers AS d
        WHERE d.store_day = p.store_day
        GROUP BY d.buyer
        HAVING min(d.first_purchase_at) < p.until_at
    ) AS f
) AS b;

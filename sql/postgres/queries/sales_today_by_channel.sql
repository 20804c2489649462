-- One row, the only one, is one channel's today in the form of sales_today. Buyers and the busiest second are not
--   known by channel and are null, and so is the target.
-- grain: one row
-- refresh: 2 s
WITH periods AS (
    SELECT s.*
    FROM tally.sales_same_time_by_channel AS s
    WHERE s.channel = %(channel)s
)

SELECT
    c.as_of,
    t.gross_amount,
    t.net_amount,
    t.orders,
    coalesce(t.lines + t.refunded_units > 0, false) AS has_events,
    t.units,
    (t.gross_amount - t.discount_amount) / nullif(t.orders, 0) AS aov_amount,
    null::bigint AS buyers,
    t.refund_amount / nullif(t.gross_amount, 0) AS refund_rate,
    null::bigint AS peak_orders,
    y.gross_amount AS gross_amount_yesterday,
    y.net_amount AS net_amount_yesterday,
    y.orders AS orders_yesterday,
    y.units AS units_yesterday,
    (y.gross_amount - y.discount_amount) / nullif(y.orders, 0) AS aov_amount_yesterday,
    null::bigint AS buyers_yesterday,
    y.refund_amount / nullif(y.gross_amount, 0) AS refund_rate_yesterday,
    null::bigint AS peak_orders_yesterday,
    w.gross_amount AS gross_amount_last_week,
    w.net_amount AS net_amount_last_week,
    w.orders AS orders_last_week,
    w.units AS units_last_week,
    (w.gross_amount - w.discount_amount) / nullif(w.orders, 0) AS aov_amount_last_week,
    null::bigint AS buyers_last_week,
    w.refund_amount / nullif(w.gross_amount, 0) AS refund_rate_last_week,
    null::bigint AS peak_orders_last_week,
    y.whole_day_gross_amount AS whole_day_gross_amount_yesterday,
    w.whole_day_gross_amount AS whole_day_gross_amount_last_week,
    null::bigint AS target_amount
FROM tally.store_clock AS c
LEFT JOIN periods AS t ON t.period = 'today'
LEFT JOIN periods AS y ON y.period = 'yesterday'
LEFT JOIN periods AS w ON w.period = 'last_week'

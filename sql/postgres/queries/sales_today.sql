-- One row, the only one, is the store's today up to now, beside yesterday and the same weekday last week at the same
--   elapsed time.
-- grain: one row
-- refresh: 2 s
SELECT
    s.as_of,
    s.gross_amount,
    s.net_amount,
    s.orders,
    s.lines + s.refunded_units > 0 AS has_events,
    s.units,
    s.aov_amount,
    s.buyers,
    s.refund_rate,
    s.peak_orders,
    s.gross_amount_yesterday,
    s.net_amount_yesterday,
    s.orders_yesterday,
    s.units_yesterday,
    s.aov_amount_yesterday,
    s.buyers_yesterday,
    s.refund_rate_yesterday,
    s.peak_orders_yesterday,
    s.gross_amount_last_week,
    s.net_amount_last_week,
    s.orders_last_week,
    s.units_last_week,
    s.aov_amount_last_week,
    s.buyers_last_week,
    s.refund_rate_last_week,
    s.peak_orders_last_week,
    s.whole_day_gross_amount_yesterday,
    s.whole_day_gross_amount_last_week,
    s.target_amount
FROM tally.sales_today AS s

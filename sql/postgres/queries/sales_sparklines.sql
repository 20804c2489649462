-- One row is one of the last 24 whole 5-minute steps in one channel (null: all).
-- grain: step_start
-- refresh: 10 s
SELECT
    k.step_start,
    k.net_amount,
    k.orders,
    k.units,
    k.aov_amount,
    k.refund_rate,
    k.new_buyers,
    k.peak_orders
FROM tally.kpi_sparklines AS k
WHERE k.channel IS NOT DISTINCT FROM %(channel)s
ORDER BY k.step_start

-- One row, the only one, is the store's today: totals since midnight, and the same elapsed time (whole 10 seconds) of
--   yesterday and of the same weekday last week, which are null while their data is not all there.
--   | 唯一的一行：门店今日零点以来的合计，以及昨日与上周同日同一已过时长（整 10 秒）的数值；数据不齐时为空。
-- grain: one row
-- aov_amount: AOV, (gross − discount) / orders, today; null without orders. | 今日的客单价：（GMV − 折扣）/ 订单数；无订单时为空。 | minor units, with a fraction; not additive
-- units_per_order: Units per order today; null without orders. | 今日的每单件数；无订单时为空。 | units per order; not additive
-- buyers: Buyers today: distinct customers of the store day, counted at their first purchase. | 今日的买家数：按当日首次购买计数的去重顾客。 | customers; not additive
-- refund_rate: Refunded amount / gross of the same period, today; null without sales. | 今日的退款率：同期退款额 / GMV；无销售时为空。 | share of 1; not additive
-- peak_orders: Most orders in one second today. | 今日的单秒最高订单数。 | orders per second; not additive
-- peak_at: The first second with that many orders. | 首个达到该峰值的秒。 | time, UTC instant; not additive
-- gross_amount_yesterday: Gross sales (GMV) at the same elapsed time of yesterday. | 昨日同一已过时长的 GMV。 | minor units; additive
-- discount_amount_yesterday: Discounts at the same elapsed time of yesterday. | 昨日同一已过时长的折扣。 | minor units; additive
-- refund_amount_yesterday: Refunds at the same elapsed time of yesterday. | 昨日同一已过时长的退款。 | minor units; additive
-- net_amount_yesterday: Net sales at the same elapsed time of yesterday. | 昨日同一已过时长的净销售额。 | minor units; additive
-- orders_yesterday: Orders at the same elapsed time of yesterday. | 昨日同一已过时长的订单数。 | orders; additive
-- lines_yesterday: Sale lines at the same elapsed time of yesterday. | 昨日同一已过时长的销售行数。 | lines; additive
-- units_yesterday: Units sold at the same elapsed time of yesterday. | 昨日同一已过时长的售出件数。 | units; additive
-- refunded_units_yesterday: Units refunded at the same elapsed time of yesterday. | 昨日同一已过时长的退款件数。 | units; additive
-- gross_sales_yesterday: gross_amount_yesterday in major units. | 以主单位表示的 gross_amount_yesterday。 | major units; additive
-- net_sales_yesterday: net_amount_yesterday in major units. | 以主单位表示的 net_amount_yesterday。 | major units; additive
-- aov_amount_yesterday: AOV, (gross − discount) / orders, at the same elapsed time of yesterday; null without orders. | 昨日同一已过时长的客单价：（GMV − 折扣）/ 订单数；无订单时为空。 | minor units, with a fraction; not additive
-- units_per_order_yesterday: Units per order at the same elapsed time of yesterday; null without orders. | 昨日同一已过时长的每单件数；无订单时为空。 | units per order; not additive
-- buyers_yesterday: Buyers at the same elapsed time of yesterday: distinct customers of the store day, counted at their first purchase. | 昨日同一已过时长的买家数：按当日首次购买计数的去重顾客。 | customers; not additive
-- refund_rate_yesterday: Refunded amount / gross of the same period, at the same elapsed time of yesterday; null without sales. | 昨日同一已过时长的退款率：同期退款额 / GMV；无销售时为空。 | share of 1; not additive
-- peak_orders_yesterday: Most orders in one second at the same elapsed time of yesterday. | 昨日同一已过时长的单秒最高订单数。 | orders per second; not additive
-- peak_at_yesterday: The first second with that many orders. | 首个达到该峰值的秒。 | time, UTC instant; not additive
-- gross_amount_last_week: Gross sales (GMV) at the same elapsed time of the same weekday last week. | 上周同日同一已过时长的 GMV。 | minor units; additive
-- discount_amount_last_week: Discounts at the same elapsed time of the same weekday last week. | 上周同日同一已过时长的折扣。 | minor units; additive
-- refund_amount_last_week: Refunds at the same elapsed time of the same weekday last week. | 上周同日同一已过时长的退款。 | minor units; additive
-- net_amount_last_week: Net sales at the same elapsed time of the same weekday last week. | 上周同日同一已过时长的净销售额。 | minor units; additive
-- orders_last_week: Orders at the same elapsed time of the same weekday last week. | 上周同日同一已过时长的订单数。 | orders; additive
-- lines_last_week: Sale lines at the same elapsed time of the same weekday last week. | 上周同日同一已过时长的销售行数。 | lines; additive
-- units_last_week: Units sold at the same elapsed time of the same weekday last week. | 上周同日同一已过时长的售出件数。 | units; additive
-- refunded_units_last_week: Units refunded at the same elapsed time of the same weekday last week. | 上周同日同一已过时长的退款件数。 | units; additive
-- gross_sales_last_week: gross_amount_last_week in major units. | 以主单位表示的 gross_amount_last_week。 | major units; additive
-- net_sales_last_week: net_amount_last_week in major units. | 以主单位表示的 net_amount_last_week。 | major units; additive
-- aov_amount_last_week: AOV, (gross − discount) / orders, at the same elapsed time of the same weekday last week; null without orders. | 上周同日同一已过时长的客单价：（GMV − 折扣）/ 订单数；无订单时为空。 | minor units, with a fraction; not additive
-- units_per_order_last_week: Units per order at the same elapsed time of the same weekday last week; null without orders. | 上周同日同一已过时长的每单件数；无订单时为空。 | units per order; not additive
-- buyers_last_week: Buyers at the same elapsed time of the same weekday last week: distinct customers of the store day, counted at their first purchase. | 上周同日同一已过时长的买家数：按当日首次购买计数的去重顾客。 | customers; not additive
-- refund_rate_last_week: Refunded amount / gross of the same period, at the same elapsed time of the same weekday last week; null without sales. | 上周同日同一已过时长的退款率：同期退款额 / GMV；无销售时为空。 | share of 1; not additive
-- peak_orders_last_week: Most orders in one second at the same elapsed time of the same weekday last week. | 上周同日同一已过时长的单秒最高订单数。 | orders per second; not additive
-- peak_at_last_week: The first second with that many orders. | 首个达到该峰值的秒。 | time, UTC instant; not additive
-- whole_day_gross_amount_yesterday: Gross sales of the whole of yesterday. | 昨日全天 GMV。 | minor units; additive
-- whole_day_gross_amount_last_week: Gross sales of the whole same weekday last week. | 上周同日全天 GMV。 | minor units; additive
-- target_share: Gross sales today / target; null without a target. | 今日 GMV / 目标；未设目标时为空。 | share of 1; not additive
-- due_share: Share of yesterday's gross sales that it had at this elapsed time. | 昨日在同一已过时长已完成的占比。 | share of 1; not additive
-- projected_gross_amount: On course for: gross today / due_share, rounded to whole minor units; null where that is not known. | 预计全天 GMV：今日 GMV / 昨日同时完成占比；未知时为空。 | minor units; not additive
CREATE VIEW tally.sales_today AS
WITH by_period AS (
    SELECT
        s.period,
        sum(s.gross_amount) AS gross_amount,
        sum(s.discount_amount) AS discount_amount,
        sum(s.refund_amount) AS refund_amount,
        sum(s.net_amount) AS net_amount,
        sum(s.orders)::bigint AS orders,
        sum(s.lines)::bigint AS lines,
        sum(s.units)::bigint AS units,
        sum(s.refunded_units)::bigint AS refunded_units,
        sum(s.whole_day_gross_amount) AS whole_day_gross_amount
    FROM tally.sales_same_time_by_channel AS s
    GROUP BY s.period
),

known AS (
    -- a covered period without any sale is 0, one that is not covered is null
    SELECT
        k.period,
        coalesce(b.gross_amount, 0) AS gross_amount,
        coalesce(b.discount_amount, 0) AS discount_amount,
        coalesce(b.refund_amount, 0) AS refund_amount,
        coalesce(b.net_amount, 0) AS net_amount,
        coalesce(b.orders, 0) AS orders,
        coalesce(b.lines, 0) AS lines,
        coalesce(b.units, 0) AS units,
        coalesce(b.refunded_units, 0) AS refunded_units,
        coalesce(b.whole_day_gross_amount, 0) AS whole_day_gross_amount,
        (b.gross_amount - b.discount_amount) / nullif(b.orders, 0) AS aov_amount,
        b.units::numeric / nullif(b.orders, 0) AS units_per_order,
        b.refund_amount / nullif(b.gross_amount, 0) AS refund_rate,
        o.buyers,
        coalesce(o.peak_orders, 0) AS peak_orders,
        o.peak_at
    FROM (VALUES ('today'), ('yesterday'), ('last_week')) AS k (period)
    LEFT JOIN by_period AS b ON b.period = k.period
    INNER JOIN tally.orders_same_time AS o ON o.period = k.period
)

SELECT
    c.store_day,
    c.as_of,
    c.elapsed_seconds,
    c.currency,
    c.minor_digits,
    t.gross_amount AS gross_amount,
    t.discount_amount AS discount_amount,
    t.refund_amount AS refund_amount,
    t.net_amount AS net_amount,
    t.orders AS orders,
    t.lines AS lines,
    t.units AS units,
    t.refunded_units AS refunded_units,
    t.aov_amount AS aov_amount,
    t.units_per_order AS units_per_order,
    t.buyers AS buyers,
    t.refund_rate AS refund_rate,
    t.peak_orders AS peak_orders,
    t.peak_at AS peak_at,
    tally.major_units(t.gross_amount, c.minor_digits) AS gross_sales,
    tally.major_units(t.net_amount, c.minor_digits) AS net_sales,
    y.gross_amount AS gross_amount_yesterday,
    y.discount_amount AS discount_amount_yesterday,
    y.refund_amount AS refund_amount_yesterday,
    y.net_amount AS net_amount_yesterday,
    y.orders AS orders_yesterday,
    y.lines AS lines_yesterday,
    y.units AS units_yesterday,
    y.refunded_units AS refunded_units_yesterday,
    y.aov_amount AS aov_amount_yesterday,
    y.units_per_order AS units_per_order_yesterday,
    y.buyers AS buyers_yesterday,
    y.refund_rate AS refund_rate_yesterday,
    y.peak_orders AS peak_orders_yesterday,
    y.peak_at AS peak_at_yesterday,
    tally.major_units(y.gross_amount, c.minor_digits) AS gross_sales_yesterday,
    tally.major_units(y.net_amount, c.minor_digits) AS net_sales_yesterday,
    w.gross_amount AS gross_amount_last_week,
    w.discount_amount AS discount_amount_last_week,
    w.refund_amount AS refund_amount_last_week,
    w.net_amount AS net_amount_last_week,
    w.orders AS orders_last_week,
    w.lines AS lines_last_week,
    w.units AS units_last_week,
    w.refunded_units AS refunded_units_last_week,
    w.aov_amount AS aov_amount_last_week,
    w.units_per_order AS units_per_order_last_week,
    w.buyers AS buyers_last_week,
    w.refund_rate AS refund_rate_last_week,
    w.peak_orders AS peak_orders_last_week,
    w.peak_at AS peak_at_last_week,
    tally.major_units(w.gross_amount, c.minor_digits) AS gross_sales_last_week,
    tally.major_units(w.net_amount, c.minor_digits) AS net_sales_last_week,
    y.whole_day_gross_amount AS whole_day_gross_amount_yesterday,
    w.whole_day_gross_amount AS whole_day_gross_amount_last_week,
    x.target_amount,
    t.gross_amount / x.target_amount AS target_share,
    y.gross_amount / nullif(y.whole_day_gross_amount, 0) AS due_share,
    round(t.gross_amount * y.whole_day_gross_amount / nullif(y.gross_amount, 0)) AS projected_gross_amount
FROM tally.store_clock AS c
CROSS JOIN tally.store_settings AS x
INNER JOIN known AS t ON t.period = 'today'
LEFT JOIN known AS y ON y.period = 'yesterday'
LEFT JOIN known AS w ON w.period = 'last_week';

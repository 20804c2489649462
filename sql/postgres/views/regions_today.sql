-- One row is one region of the store's today: its gross sales and share, and the change of the share in points against the
--   same elapsed time (whole 10 seconds) of yesterday and of the same weekday last week; null while those are not there.
--   | 一行是今日的一个地区：GMV 与占比，以及占比较昨日、上周同日同一已过时长（整 10 秒）的百分点变化；数据不齐时为空。
-- grain: region
-- share: Share of today's gross sales; null before the first sale. | 占今日 GMV 的份额；无销售时为空。 | share of 1; additive
-- gross_amount_yesterday: Gross sales at the same elapsed time of yesterday. | 昨日同一已过时长的 GMV。 | minor units; additive
-- gross_amount_last_week: Gross sales at the same elapsed time of the same weekday last week. | 上周同日同一已过时长的 GMV。 | minor units; additive
-- points_yesterday: Share today less share at that time of yesterday. | 占比较昨日同时的变化。 | percentage points; not additive
-- points_last_week: Share today less share at that time of the same weekday last week. | 占比较上周同日同时的变化。 | percentage points; not additive
CREATE VIEW tally.regions_today AS
WITH pivoted AS (
    SELECT
        s.region,
        coalesce(sum(s.gross_amount) FILTER (WHERE s.period = 'today'), 0) AS gross_amount,
        coalesce(sum(s.orders) FILTER (WHERE s.period = 'today'), 0)::bigint AS orders,
        coalesce(sum(s.units) FILTER (WHERE s.period = 'today'), 0)::bigint AS units,
        coalesce(sum(s.gross_amount) FILTER (WHERE s.period = 'yesterday'), 0) AS gross_yesterday,
        coalesce(sum(s.gross_amount) FILTER (WHERE s.period = 'last_week'), 0) AS gross_last_week
    FROM tally.sales_same_time AS s
    GROUP BY s.region
),

shared AS (
    SELECT
        p.*,
        p.gross_amount / nullif(sum(p.gross_amount) OVER (), 0) AS share,
        p.gross_yesterday / nullif(sum(p.gross_yesterday) OVER (), 0) AS share_yesterday,
        p.gross_last_week / nullif(sum(p.gross_last_week) OVER (), 0) AS share_last_week
    FROM pivoted AS p
)

SELECT
    s.region,
    s.gross_amount,
    s.orders,
    s.units,
    s.share,
    CASE WHEN h.has_yesterday THEN s.gross_yesterday END AS gross_amount_yesterday,
    CASE WHEN h.has_last_week THEN s.gross_last_week END AS gross_amount_last_week,
    CASE WHEN h.has_yesterday THEN 100 * (s.share - s.share_yesterday) END AS points_yesterday,
    CASE WHEN h.has_last_week THEN 100 * (s.share - s.share_last_week) END AS points_last_week,
    tally.major_units(s.gross_amount, x.minor_digits) AS gross_sales
FROM shared AS s
CROSS JOIN tally.history_covered AS h
CROSS JOIN tally.store_settings AS x;

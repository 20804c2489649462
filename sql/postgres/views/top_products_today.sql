-- One row is one SKU sold in the store's today, all channels, with its rank by gross sales now and an hour ago.
--   | 一行是今日售出的一个 SKU（全部渠道），含当前与一小时前按 GMV 的名次。
-- grain: sku
-- rank: Rank by gross sales since midnight; equal sums share a rank. | 按零点以来 GMV 的名次；金额相同则并列。 | rank; not additive
-- rank_hour_ago: Rank by gross sales since midnight as of an hour ago; null when it had none. | 一小时前的名次；当时无销售则为空。 | rank; not additive
-- is_new: It had no sales an hour ago, on a day older than an hour. | 当日已过一小时且一小时前尚无销售。 | boolean; attribute
-- share: Share of today's gross sales. | 占今日 GMV 的份额。 | share of 1; additive
CREATE VIEW tally.top_products_today AS
WITH hour_ago AS (
    SELECT date_trunc('minute', c.as_of) - interval '1 hour' AS at, c.day_start, c.day_end
    FROM tally.store_clock AS c
),

today AS (
    SELECT
        t.sku,
        sum(t.gross_amount)::numeric AS gross_amount,
        sum(t.discount_amount)::numeric AS discount_amount,
        sum(t.refund_amount)::numeric AS refund_amount,
        sum(t.sold)::bigint AS units
    FROM tally.stock_today_parts AS t
    GROUP BY t.sku
),

newest AS (
    SELECT f.sku, sum(f.gross_amount) AS gross_amount
    FROM tally.stock_flow_1m AS f
    WHERE f.window_start >= (SELECT greatest(h.at, h.day_start) FROM hour_ago AS h)
    GROUP BY f.sku
),

ranked AS (
    SELECT
        t.*,
        t.gross_amount - coalesce(n.gross_amount, 0) AS gross_hour_ago,
        rank() OVER (ORDER BY t.gross_amount DESC) AS rank,
        rank() OVER (ORDER BY t.gross_amount - coalesce(n.gross_amount, 0) DESC) AS rank_then,
        t.gross_amount / nullif(sum(t.gross_amount) OVER (), 0) AS share
    FROM today AS t
    LEFT JOIN newest AS n ON n.sku = t.sku
    WHERE t.units > 0
)

SELECT
    r.rank,
    CASE WHEN r.gross_hour_ago > 0 THEN r.rank_then END AS rank_hour_ago,
    r.gross_hour_ago <= 0 AND h.at > h.day_start AS is_new,
    r.sku,
    p.name_en,
    p.name_zh,
    coalesce(p.category, 'unknown') AS category,
    r.units,
    r.gross_amount,
    r.discount_amount,
    r.refund_amount,
    r.gross_amount - r.discount_amount - r.refund_amount AS net_amount,
    r.share,
    tally.major_units(r.gross_amount, x.minor_digits) AS gross_sales
FROM ranked AS r
CROSS JOIN hour_ago AS h
LEFT JOIN tally.products AS p ON p.sku = r.sku
CROSS JOIN tally.store_settings AS x
ORDER BY r.rank, r.sku;

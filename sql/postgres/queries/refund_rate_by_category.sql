-- One row is one category: refunded amount / gross of the last seven store days.
-- grain: category
SELECT
    c.category,
    sum(c.gross_sales) AS gross_sales,
    sum(c.refunds) AS refunds,
    round(100 * sum(c.refund_amount) / nullif(sum(c.gross_amount), 0), 2) AS refund_rate_percent
FROM tally.category_sales_by_day AS c
WHERE c.store_day > (SELECT k.store_day - 7 FROM tally.store_clock AS k)
GROUP BY c.category
ORDER BY refund_rate_percent DESC NULLS LAST

-- One row is one hour of the store's today, all channels and regions.
-- grain: window_start
SELECT
    s.window_start,
    sum(s.gross_sales) AS gross_sales,
    sum(s.orders) AS orders,
    sum(s.units) AS units
FROM tally.sales_by_hour AS s
WHERE s.store_day = (SELECT c.store_day FROM tally.store_clock AS c)
GROUP BY s.window_start
ORDER BY s.window_start

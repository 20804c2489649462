-- One row is the gross and net sales of one store day in one channel, in major units.
-- grain: store_day, channel
SELECT
    s.store_day,
    s.channel,
    sum(s.gross_sales) AS gross_sales,
    sum(s.net_sales) AS net_sales,
    sum(s.orders) AS orders
FROM tally.sales_by_day AS s
GROUP BY s.store_day, s.channel
ORDER BY s.store_day DESC, gross_sales DESC

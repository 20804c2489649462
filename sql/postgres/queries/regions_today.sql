-- One row is one region of today in one channel (null: all).
-- grain: region
-- refresh: 10 s
SELECT
    s.region,
    sum(s.gross_amount) AS gross_amount
FROM tally.sales_same_time AS s
WHERE s.period = 'today' AND (s.channel = %(channel)s OR %(channel)s IS NULL)
GROUP BY s.region
ORDER BY sum(s.gross_amount) DESC, s.region

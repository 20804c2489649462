-- One row is one region: today's gross sales against the same elapsed time of the same weekday last week.
-- grain: region
SELECT
    r.region,
    r.gross_amount,
    r.gross_amount_last_week,
    round(100 * (r.gross_amount / nullif(r.gross_amount_last_week, 0) - 1), 1) AS change_percent
FROM tally.regions_today AS r
ORDER BY r.gross_amount DESC, r.region

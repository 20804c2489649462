-- One row is one of the last 120 minutes in one channel (null: all), the running one included, with the five-minute
--   mean around the same minute of yesterday.
-- grain: minute_start
-- refresh: 2 s
SELECT
    m.minute_start,
    m.is_partial,
    m.seconds_elapsed,
    m.gross_amount,
    m.mean_gross_amount_yesterday
FROM tally.gmv_by_minute AS m
WHERE m.channel IS NOT DISTINCT FROM %(channel)s
ORDER BY m.minute_start

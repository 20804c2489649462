-- One row is one 5-minute step of yesterday's or last week's GMV in one channel (null: all), with the total since
--   that day's midnight, placed on today's axis.
-- grain: period, axis_at
-- refresh: 30 s
SELECT
    g.period,
    g.axis_at,
    g.cumulative_gross_amount
FROM tally.gmv_curve AS g
WHERE g.period <> 'today' AND g.channel IS NOT DISTINCT FROM %(channel)s
ORDER BY g.period, g.axis_at

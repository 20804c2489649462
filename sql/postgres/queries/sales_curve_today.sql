-- One row is one 5-minute step of today's GMV in one channel (null: all), with the total since midnight.
-- grain: axis_at
-- refresh: 5 s
SELECT
    g.axis_at,
    g.gross_amount,
    g.cumulative_gross_amount
FROM tally.gmv_curve AS g
WHERE g.period = 'today' AND g.channel IS NOT DISTINCT FROM %(channel)s
ORDER BY g.axis_at

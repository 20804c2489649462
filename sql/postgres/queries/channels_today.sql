-- One row is one channel of today with its share and the change of it in percentage points.
-- grain: channel
-- refresh: 10 s
SELECT
    c.channel,
    c.gross_amount,
    c.share,
    c.points_yesterday,
    c.points_last_week
FROM tally.channels_today AS c
ORDER BY c.gross_amount DESC, c.channel

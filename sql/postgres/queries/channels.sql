-- One row is one channel that sold today, yesterday or on the same weekday last week.
-- grain: channel
-- refresh: 60 s
SELECT c.channel
FROM tally.channels_today AS c
ORDER BY c.gross_amount DESC, c.channel

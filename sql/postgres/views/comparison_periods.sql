-- One row is a stretch of time to compare: the store's today, and the same elapsed time (whole 10 seconds) of yesterday
--   and of the same weekday last week. A period whose data is not all there has no row.
--   | 一行是一个可对比的时段：今天，以及昨日、上周同日的同一已过时长（整 10 秒）；数据不齐的时段没有行。
-- grain: period
-- store_day: The period's day. | 该时段所在的门店日。 | date, store zone; attribute
-- start_at: Midnight with which it begins. | 该时段的零点。 | time, UTC instant; attribute
-- until_at: Where it ends; for today the coming midnight, as nothing is there yet. | 该时段的终点；今天为即将到来的零点。 | time, UTC instant; attribute
-- end_at: Midnight with which its day ends. | 所在日结束的零点。 | time, UTC instant; attribute
CREATE VIEW tally.comparison_periods AS
SELECT
    p.period,
    p.store_day,
    p.start_at,
    p.until_at,
    p.end_at
FROM tally.store_clock AS c
CROSS JOIN tally.history_covered AS h
CROSS JOIN LATERAL (
    VALUES
    ('today', c.store_day, c.day_start, c.day_end, c.day_end, true),
    ('yesterday', c.store_day - 1, c.yesterday_start, c.yesterday_until, c.day_start, h.has_yesterday),
    (
        'last_week', c.store_day - 7, c.last_week_start, c.last_week_until,
        tally.day_start(c.store_day - 6, c.store_zone), h.has_last_week
    )
) AS p (period, store_day, start_at, until_at, end_at, is_covered)
WHERE p.is_covered;

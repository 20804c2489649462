-- One row is one store day that has windows, found by hopping through the index from day to day.
--   | 一行是一个有数据的门店日（沿索引逐日跳查得到）。
-- grain: store_day
-- day_start: Its first instant. | 当日第一个时刻。 | time, UTC instant; attribute
-- day_end: The first instant of the next day. | 次日第一个时刻。 | time, UTC instant; attribute
CREATE VIEW tally.store_days AS
WITH RECURSIVE found AS (
    SELECT (least(
        (SELECT min(s.window_start) FROM tally.sales_10s AS s),
        (SELECT min(f.window_start) FROM tally.stock_flow_1m AS f),
        (SELECT min(k.window_start) FROM tally.sales_closed_15m AS k)
    ) AT TIME ZONE (SELECT x.store_zone FROM tally.store_settings AS x))::date AS store_day
    UNION ALL
    SELECT (least(
        (SELECT min(s.window_start) FROM tally.sales_10s AS s WHERE s.window_start >= n.next_start),
        (SELECT min(f.window_start) FROM tally.stock_flow_1m AS f WHERE f.window_start >= n.next_start),
        (SELECT min(k.window_start) FROM tally.sales_closed_15m AS k WHERE k.window_start >= n.next_start)
    ) AT TIME ZONE n.store_zone)::date
    FROM (
        SELECT x.store_zone, tally.day_start(d.store_day + 1, x.store_zone) AS next_start
        FROM found AS d
        CROSS JOIN tally.store_settings AS x
        WHERE d.store_day IS NOT NULL
    ) AS n
)

SELECT
    d.store_day,
    tally.day_start(d.store_day, x.store_zone) AS day_start,
    tally.day_start(d.store_day + 1, x.store_zone) AS day_end
FROM found AS d
CROSS JOIN tally.store_settings AS x
WHERE d.store_day IS NOT NULL;

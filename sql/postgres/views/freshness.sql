-- One row is one thing that must keep moving and the age of the newest that it shows. | 一行是一个应持续更新的对象及其最新内容的时长。
-- grain: table_name
-- table_name: Table, or job_heartbeat. | 表名，或 job_heartbeat（作业心跳）。 | text; key
-- newest_at: Newest event time, append time or sign of life that it shows; null when it is empty. | 最新的事件时间、写入时间或心跳；为空表示尚无数据。 | time, UTC instant; not additive
-- age_seconds: Now less newest_at, at least 0. | 现在减去 newest_at，最小为 0。 | seconds; not additive
-- limit_seconds: Age from which it is late while records wait. | 有记录等待时的时长上限。 | seconds; attribute
-- is_late: Older than the limit, and not merely because the shop is quiet: records wait (lag above the limit), or it is one
--   that moves without events.
--   | 超过上限且并非因店铺无事件：有记录在等待（延迟超过上限），或其本应在无事件时也更新。
--   | boolean; attribute
CREATE VIEW tally.freshness AS
SELECT
    n.table_name,
    n.newest_at,
    greatest(extract(epoch FROM c.now_at - n.newest_at), 0) AS age_seconds,
    n.limit_seconds,
    c.now_at - n.newest_at > n.limit_seconds * interval '1 second'
    AND (n.moves_alone OR c.now_at - c.as_of > n.limit_seconds * interval '1 second') AS is_late
FROM (
    SELECT
        'sales_10s' AS table_name,
        (
            SELECT max(s.newest_event_time)
            FROM tally.sales_10s AS s
            WHERE s.window_start = (SELECT max(m.window_start) FROM tally.sales_10s AS m)
        ) AS newest_at,
        5 AS limit_seconds,
        false AS moves_alone
    UNION ALL
    -- its windows keep no event time; the minute's end, but not the future
    SELECT
        'stock_flow_1m', (
            -- least() takes null for the greatest: an empty table has no newest row
            SELECT least(m.newest_at, tally.store_now())
            FROM (SELECT max(f.window_start) + interval '1 minute' AS newest_at FROM tally.stock_flow_1m AS f) AS m
            WHERE m.newest_at IS NOT NULL
        ), 5, false
    UNION ALL
    SELECT 'order_ticker', (SELECT max(o.second) FROM tally.order_ticker AS o), 5, false
    UNION ALL
    SELECT 'event_counts', (SELECT max(e.newest_append_time) FROM tally.event_counts_1h AS e), 5, false
    UNION ALL
    SELECT 'archive', (SELECT max(a.sampled_at) FROM tally.lag_samples AS a), 5, true
    UNION ALL
    SELECT 'job_heartbeat', (SELECT max(j.heartbeat_at) FROM tally.job_runs AS j), 15, true
) AS n
CROSS JOIN tally.store_clock AS c;

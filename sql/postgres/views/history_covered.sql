-- One row, the only one, says which comparisons have their data: the window's whole time lies after the earliest event,
--   and no day of generated history that it needs is still being published. A comparison without data is null, never 0.
--   | 唯一的一行：哪些对比窗口的数据已齐备（最早事件不晚于窗口起点，且所需历史日均已发布）。数据不齐的对比为空，而不是 0。
-- grain: one row
-- earliest_window: Start of the earliest window of sales. | 最早的销售窗口起点。 | time, UTC instant; attribute
-- has_yesterday: Yesterday is covered. | 昨日数据齐备。 | boolean; attribute
-- has_last_week: The same weekday last week is covered. | 上周同日数据齐备。 | boolean; attribute
-- history_events: Events of the demo's history. | 演示历史的事件数。 | events; additive
-- history_published_events: Of these, in days that are wholly in the log and visible.
--   | 其中已全部写入日志且可见的历史日的事件数。
--   | events; additive
CREATE VIEW tally.history_covered AS
WITH earliest AS (
    SELECT least(
        (SELECT min(s.window_start) FROM tally.sales_10s AS s),
        (SELECT min(c.window_start) FROM tally.sales_closed_5m AS c)
    ) AS earliest_window
),

history AS (
    SELECT
        bool_or(h.store_day = c.store_day - 1 AND h.published_at < c.as_of IS NOT TRUE) AS lacks_yesterday,
        bool_or(h.store_day = c.store_day - 7 AND h.published_at < c.as_of IS NOT TRUE) AS lacks_last_week,
        coalesce(sum(h.events), 0) AS history_events,
        coalesce(sum(h.events) FILTER (WHERE h.published_at < c.as_of), 0) AS history_published_events
    FROM tally.history_days AS h
    CROSS JOIN tally.store_clock AS c
)

SELECT
    e.earliest_window,
    coalesce(e.earliest_window <= c.yesterday_start, false) AND h.lacks_yesterday IS NOT TRUE AS has_yesterday,
    coalesce(e.earliest_window <= c.last_week_start, false) AND h.lacks_last_week IS NOT TRUE AS has_last_week,
    h.history_events::bigint AS history_events,
    h.history_published_events::bigint AS history_published_events
FROM earliest AS e
CROSS JOIN history AS h
CROSS JOIN tally.store_clock AS c;

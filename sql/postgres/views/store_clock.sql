-- One row, the only one, is the store's clock: its day, how far its data goes, and the same elapsed time of yesterday
--   and of the same weekday last week. Comparisons use these times, cut down to whole 10 seconds.
--   | 唯一的一行：门店时钟，即门店日、数据截至时间，以及昨日与上周同日的同一已过时长（按整 10 秒截断），所有对比均据此计算。
-- grain: one row
-- now_at: The database's time. | 数据库当前时间。 | time, UTC instant; attribute
-- lag_seconds: Newest measured lag: age of the oldest appended record that is not yet visible; null before the first.
--   | 最近测得的延迟：已写入但尚不可见的最旧记录的时长；首次测量前为空。
--   | seconds; not additive
-- as_of: Records appended before this are visible: the newest measurement less its lag; where that is more than 5 seconds
--   old, at least up to what the job has shown of the partition that is furthest behind. Comparisons end at the same elapsed
--   time.
--   | 数据截至：此前写入的记录均已可见（最近一次测量减去延迟；测量超过 5 秒时，至少到最落后分区已显示之处）；对比以同一已过时长为止。
--   | time, UTC instant; attribute
-- store_day: The store's today. | 门店的今天。 | date, store zone; key
-- day_start: Midnight with which the store's today began. | 门店今天的零点。 | time, UTC instant; attribute
-- day_end: Midnight with which it ends. | 门店今天结束的零点。 | time, UTC instant; attribute
-- elapsed_seconds: From day_start to as_of, cut down to whole 10 seconds.
--   | 自零点至数据截至的时长，按整 10 秒截断。
--   | seconds; attribute
-- yesterday_start: Start of the store's yesterday. | 门店昨日零点。 | time, UTC instant; attribute
-- yesterday_until: The same elapsed time of yesterday. | 昨日同一已过时长。 | time, UTC instant; attribute
-- last_week_start: Start of the same weekday last week. | 上周同日零点。 | time, UTC instant; attribute
-- last_week_until: The same elapsed time of that day. | 上周同日同一已过时长。 | time, UTC instant; attribute
CREATE VIEW tally.store_clock AS
WITH visible AS (
    SELECT
        s.*,
        tally.store_now() AS now_at,
        l.lag_seconds,
        -- without a fresh measurement only what was visible at the last one, or what the job has shown since in every
        -- partition, is certain
        coalesce(least(
            tally.store_now(), greatest(l.sampled_at - l.lag_seconds * interval '1 second', e.shown_until)
        ), tally.store_now()) AS as_of
    FROM tally.store_settings AS s
    LEFT JOIN LATERAL (
        SELECT x.sampled_at, x.lag_seconds
        FROM tally.lag_samples AS x
        WHERE x.sampled_at <= tally.store_now()
        ORDER BY x.sampled_at DESC
        LIMIT 1
    ) AS l ON true
    LEFT JOIN LATERAL (
        -- the partition that is furthest behind; one that the job has read to its known end holds nothing back
        SELECT coalesce(
            min(coalesce(p.newest_append_time, '-infinity')) FILTER (WHERE p.job_offset IS DISTINCT FROM p.log_offset),
            max(p.newest_append_time)
        ) AS shown_until
        FROM (
            SELECT
                coalesce(c.log_partition, a.log_partition) AS log_partition,
                c.newest_append_time,
                c.last_offset AS job_offset,
                a.last_offset AS log_offset
            FROM (
                SELECT
                    n.log_partition,
                    max(n.newest_append_time) AS newest_append_time,
                    max(n.last_offset) AS last_offset
                FROM tally.event_counts_1h AS n
                GROUP BY n.log_partition
            ) AS c
            FULL JOIN (
                SELECT n.log_partition, max(n.last_offset) AS last_offset
                FROM tally.log_counts_1h AS n
                GROUP BY n.log_partition
            ) AS a ON a.log_partition = c.log_partition
        ) AS p
        WHERE l.sampled_at < tally.store_now() - interval '5 seconds'
    ) AS e ON true
),

days AS (
    SELECT
        v.*,
        (v.now_at AT TIME ZONE v.store_zone)::date AS store_day,
        tally.day_start((v.now_at AT TIME ZONE v.store_zone)::date, v.store_zone) AS day_start
    FROM visible AS v
),

elapsed AS (
    SELECT
        d.*,
        tally.day_start(d.store_day + 1, d.store_zone) AS day_end,
        tally.day_start(d.store_day - 1, d.store_zone) AS yesterday_start,
        tally.day_start(d.store_day - 7, d.store_zone) AS last_week_start,
        (greatest(floor(extract(epoch FROM d.as_of - d.day_start) / 10), 0) * 10)::int AS elapsed_seconds
    FROM days AS d
)

SELECT
    e.now_at,
    e.lag_seconds,
    e.as_of,
    e.currency,
    e.minor_digits,
    e.store_zone,
    e.store_day,
    e.day_start,
    e.day_end,
    e.elapsed_seconds,
    e.yesterday_start,
    -- a day of 25 hours has no same time in one of 24: it ends with it
    least(e.yesterday_start + e.elapsed_seconds * interval '1 second', e.day_start) AS yesterday_until,
    e.last_week_start,
    least(
        e.last_week_start + e.elapsed_seconds * interval '1 second',
        tally.day_start(e.store_day - 6, e.store_zone)
    ) AS last_week_until
FROM elapsed AS e;

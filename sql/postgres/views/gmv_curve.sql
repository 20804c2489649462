-- One row is the gross sales of one 5-minute step in the store's today, yesterday or the same weekday last week, in one
--   channel (channel is null: all channels), and the total since midnight up to the step's end. Today goes as far as
--   the running step; days without data have no rows.
--   | 一行是今天、昨日或上周同日某 5 分钟步长内一个渠道（channel 为空表示全部渠道）的 GMV，及零点至该步终点的累计；
--   今天到正在进行的一步为止；数据不齐的日子没有行。
-- grain: period, channel, step_start
-- channel: Channel; null for all channels together. | 渠道；为空表示全部渠道合计。 | text; key
-- step_start: Start of the step in its own day. | 该步在其所在日的起点。 | time, UTC instant; key
-- elapsed_seconds: End of the step, from midnight of its day. | 该步终点距当日零点的时长。 | seconds; attribute
-- axis_at: End of the step placed on today's axis: midnight of today + elapsed_seconds; for the running step as_of.
--   | 该步终点在今日时间轴上的位置：今日零点 + elapsed_seconds；进行中的一步为 as_of。
--   | time, UTC instant; attribute
-- cumulative_gross_amount: Gross sales since midnight up to the end of the step. | 零点至该步终点的累计 GMV。 | minor units; not additive
CREATE VIEW tally.gmv_curve AS
WITH periods AS MATERIALIZED (
    SELECT
        p.period,
        p.start_at,
        CASE WHEN p.period = 'today' THEN c.as_of ELSE p.end_at - interval '1 second' END AS steps_until,
        p.end_at
    FROM tally.comparison_periods AS p
    CROSS JOIN tally.store_clock AS c
),

sales AS (
    SELECT
        p.period,
        a.channel,
        date_bin('5 minutes', a.window_start, p.start_at) AS step_start,
        sum(a.gross_amount) AS gross_amount
    FROM periods AS p
    CROSS JOIN LATERAL (
        SELECT s.window_start, s.channel, s.gross_amount
        FROM tally.sales_parts_5m AS s
        WHERE s.window_start >= p.start_at AND s.window_start < p.end_at
    ) AS a
    GROUP BY GROUPING SETS (
        (p.period, date_bin('5 minutes', a.window_start, p.start_at)),
        (p.period, a.channel, date_bin('5 minutes', a.window_start, p.start_at))
    )
),

steps AS (
    -- a step without sales is 0, not a gap: also those of a running step that only clock skew has filled
    SELECT p.period, p.start_at, x.channel, g AS step_start
    FROM periods AS p
    CROSS JOIN (SELECT DISTINCT s.channel FROM sales AS s UNION SELECT null) AS x
    CROSS JOIN LATERAL generate_series(
        p.start_at,
        greatest(p.steps_until, (SELECT max(m.step_start) FROM sales AS m WHERE m.period = p.period)),
        interval '5 minutes'
    ) AS g
),

filled AS (
    SELECT
        t.period,
        t.channel,
        t.step_start,
        extract(epoch FROM t.step_start - t.start_at)::int + 300 AS elapsed_seconds,
        coalesce(s.gross_amount, 0) AS gross_amount
    FROM steps AS t
    LEFT JOIN sales AS s
        ON s.period = t.period AND s.step_start = t.step_start AND coalesce(s.channel, '') = coalesce(t.channel, '')
)

SELECT
    f.period,
    f.channel,
    f.step_start,
    f.elapsed_seconds,
    CASE
        WHEN f.period = 'today' THEN least(f.step_start + interval '5 minutes', greatest(c.as_of, f.step_start))
        ELSE c.day_start + f.elapsed_seconds * interval '1 second'
    END AS axis_at,
    f.gross_amount,
    sum(f.gross_amount) OVER (PARTITION BY f.period, f.channel ORDER BY f.step_start) AS cumulative_gross_amount
FROM filled AS f
CROSS JOIN tally.store_clock AS c;

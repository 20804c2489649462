-- One row is one of the last 120 minutes (the running one included) in one channel (channel is null: all channels), with
--   the same minute of yesterday; yesterday's columns are null while its data is not all there.
--   | 一行是最近 120 分钟（含正在进行的一分钟）中的一分钟、一个渠道（channel 为空表示全部渠道），及昨日同一分钟；
--   昨日数据不齐时相应列为空。
-- grain: channel, minute_start
-- channel: Channel; null for all channels together. | 渠道；为空表示全部渠道合计。 | text; key
-- minute_start: Start of the minute. | 分钟起点。 | time, UTC instant; key
-- is_partial: The minute is still running. | 该分钟尚在进行。 | boolean; attribute
-- seconds_elapsed: Seconds of the minute that are visible, 60 when it is whole. | 该分钟可见的秒数，完整时为 60。 | seconds; attribute
-- gross_amount_yesterday: Gross sales of the same minute of yesterday. | 昨日同一分钟的 GMV。 | minor units; additive
-- mean_gross_amount_yesterday: Mean of yesterday's five minutes around this one (two before, two after).
--   | 昨日以该分钟为中心五分钟（前后各两分钟）的均值。
--   | minor units, with a fraction; not additive
CREATE VIEW tally.gmv_by_minute AS
WITH grid AS (
    SELECT
        c.as_of,
        c.day_start - c.yesterday_start AS day_length,
        date_trunc('minute', c.as_of) - interval '119 minutes' AS first_minute,
        date_trunc('minute', c.as_of) AS last_minute
    FROM tally.store_clock AS c
),

now_sales AS (
    SELECT date_bin('1 minute', s.window_start, '2000-01-01 00:00+00') AS minute_start, s.channel,
        sum(s.gross_amount) AS gross_amount, sum(s.orders) AS orders
    FROM tally.sales_10s AS s
    WHERE s.window_start >= (SELECT g.first_minute FROM grid AS g)
        AND s.window_start < (SELECT g.last_minute + interval '1 minute' FROM grid AS g)
    GROUP BY GROUPING SETS (
        (date_bin('1 minute', s.window_start, '2000-01-01 00:00+00')),
        (date_bin('1 minute', s.window_start, '2000-01-01 00:00+00'), s.channel)
    )
),

past_sales AS (
    SELECT
        date_bin('1 minute', s.window_start, '2000-01-01 00:00+00') + (SELECT g.day_length FROM grid AS g)
            AS minute_start,
        s.channel,
        sum(s.gross_amount) AS gross_amount
    FROM tally.sales_10s AS s
    WHERE (SELECT h.has_yesterday FROM tally.history_covered AS h)
        AND s.window_start >= (SELECT g.first_minute - g.day_length - interval '2 minutes' FROM grid AS g)
        AND s.window_start < (SELECT g.last_minute - g.day_length + interval '3 minutes' FROM grid AS g)
    GROUP BY GROUPING SETS (
        (date_bin('1 minute', s.window_start, '2000-01-01 00:00+00')),
        (date_bin('1 minute', s.window_start, '2000-01-01 00:00+00'), s.channel)
    )
),

minutes AS (
    SELECT m AS minute_start, x.channel
    FROM grid AS g
    CROSS JOIN (
        SELECT n.channel FROM now_sales AS n
        UNION
        SELECT p.channel FROM past_sales AS p
        UNION
        SELECT null
    ) AS x
    CROSS JOIN LATERAL generate_series(
        g.first_minute - interval '2 minutes', g.last_minute + interval '2 minutes', interval '1 minute'
    ) AS m
),

joined AS (
    SELECT
        m.minute_start,
        m.channel,
        coalesce(n.gross_amount, 0) AS gross_amount,
        coalesce(n.orders, 0)::bigint AS orders,
        coalesce(p.gross_amount, 0) AS past_amount,
        avg(coalesce(p.gross_amount, 0)) OVER (
            PARTITION BY m.channel ORDER BY m.minute_start ROWS BETWEEN 2 PRECEDING AND 2 FOLLOWING
        ) AS past_mean
    FROM minutes AS m
    LEFT JOIN now_sales AS n
        ON n.minute_start = m.minute_start AND coalesce(n.channel, '') = coalesce(m.channel, '')
    LEFT JOIN past_sales AS p
        ON p.minute_start = m.minute_start AND coalesce(p.channel, '') = coalesce(m.channel, '')
)

SELECT
    j.channel,
    j.minute_start,
    j.minute_start = g.last_minute AS is_partial,
    least(extract(epoch FROM g.as_of - j.minute_start), 60)::int AS seconds_elapsed,
    j.gross_amount,
    j.orders,
    CASE WHEN h.has_yesterday THEN j.past_amount END AS gross_amount_yesterday,
    CASE WHEN h.has_yesterday THEN j.past_mean END AS mean_gross_amount_yesterday
FROM joined AS j
CROSS JOIN grid AS g
CROSS JOIN tally.history_covered AS h
WHERE j.minute_start BETWEEN g.first_minute AND g.last_minute;

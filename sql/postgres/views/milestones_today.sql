-- One row is one milestone: a total of the day worth a mark, when today reached it and when yesterday did, to the end of
--   the 10-second window in which it was passed. Milestones are those of the settings, else the round totals
--   (1, 2 or 5 and zeros) above a twentieth of the target, up to it.
--   | 一行是一个里程碑：今日与昨日累计 GMV 达到该额的时间（精确到 10 秒窗口的终点）；里程碑来自设置，否则为目标的二十分之一以上、不超过目标的整数额（1、2、5 后接零）。
-- grain: milestone_amount
-- milestone_amount: Gross sales since midnight to be reached. | 需达到的当日累计 GMV。 | minor units; key
-- reached_at: When today reached it; null until then. | 今日达到的时间；未达到为空。 | time, UTC instant; attribute
-- reached_at_yesterday: When yesterday reached it; null when it did not or is not all there. | 昨日达到的时间；未达到或数据不齐为空。 | time, UTC instant; attribute
-- earlier_seconds: How much earlier in the day than yesterday; negative: later. | 比昨日提前的时长；负数为推迟。 | seconds; not additive
-- expected_at: For milestones ahead: when yesterday's curve, stretched to today's pace, reaches it; null where unknown.
--   | 未达到的里程碑：按今日节奏缩放昨日曲线所得的预计达到时间；未知为空。
--   | time, UTC instant; not additive
-- milestone_major: milestone_amount in major units. | 以主单位表示的 milestone_amount。 | major units; key
CREATE VIEW tally.milestones_today AS
WITH round_totals AS (
    SELECT d.digit * (10::numeric ^ z.zeros)::bigint AS amount
    FROM generate_series(0, 17) AS z (zeros)
    CROSS JOIN unnest(ARRAY[1, 2, 5]) AS d (digit)
),

marks AS (
    SELECT DISTINCT m AS milestone_amount
    FROM tally.store_settings AS s
    CROSS JOIN LATERAL unnest(
        CASE
            WHEN cardinality(s.milestones) > 0 THEN s.milestones
            ELSE ARRAY(
                SELECT r.amount
                FROM round_totals AS r
                WHERE r.amount > s.target_amount / 20 AND r.amount <= s.target_amount
            )
        END
    ) AS m
),

curve AS (
    SELECT g.period, g.step_start, g.elapsed_seconds, g.gross_amount, g.cumulative_gross_amount
    FROM tally.gmv_curve AS g
    WHERE g.channel IS NULL AND g.period <> 'last_week'
),

pace AS (
    -- how today's total compares with yesterday's at the same elapsed time
    SELECT
        sum(s.gross_amount) FILTER (WHERE s.period = 'today')
        / nullif(sum(s.gross_amount) FILTER (WHERE s.period = 'yesterday'), 0) AS factor
    FROM tally.sales_same_time_by_channel AS s
),

reached AS (
    SELECT m.milestone_amount, p.period, w.reached_at
    FROM marks AS m
    CROSS JOIN (VALUES ('today'), ('yesterday')) AS p (period)
    CROSS JOIN LATERAL (
        SELECT c.step_start, c.cumulative_gross_amount - c.gross_amount AS before_amount
        FROM curve AS c
        WHERE c.period = p.period AND c.cumulative_gross_amount >= m.milestone_amount
        ORDER BY c.step_start
        LIMIT 1
    ) AS c
    CROSS JOIN LATERAL (
        SELECT r.window_start + interval '10 seconds' AS reached_at
        FROM (
            SELECT s.window_start, sum(sum(s.gross_amount)) OVER (ORDER BY s.window_start) AS amount
            FROM tally.sales_10s AS s
            WHERE s.window_start >= c.step_start AND s.window_start < c.step_start + interval '5 minutes'
            GROUP BY s.window_start
        ) AS r
        WHERE c.before_amount + r.amount >= m.milestone_amount
        ORDER BY r.window_start
        LIMIT 1
    ) AS w
)

SELECT
    m.milestone_amount,
    t.reached_at,
    y.reached_at AS reached_at_yesterday,
    extract(epoch FROM (y.reached_at - k.yesterday_start) - (t.reached_at - k.day_start))::bigint AS earlier_seconds,
    CASE WHEN t.reached_at IS NULL THEN (
        SELECT k.day_start + e.elapsed_seconds * interval '1 second'
        FROM curve AS e
        CROSS JOIN pace AS f
        WHERE e.period = 'yesterday' AND e.elapsed_seconds >= k.elapsed_seconds
            AND e.cumulative_gross_amount * f.factor >= m.milestone_amount
        ORDER BY e.elapsed_seconds
        LIMIT 1
    ) END AS expected_at,
    tally.major_units(m.milestone_amount, k.minor_digits) AS milestone_major
FROM marks AS m
CROSS JOIN tally.store_clock AS k
LEFT JOIN reached AS t ON t.milestone_amount = m.milestone_amount AND t.period = 'today'
LEFT JOIN reached AS y ON y.milestone_amount = m.milestone_amount AND y.period = 'yesterday';

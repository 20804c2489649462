-- One row is one milestone of the day: when it was reached or is expected.
-- grain: milestone_amount
-- refresh: 10 s
SELECT
    m.milestone_amount,
    m.reached_at,
    m.reached_at_yesterday,
    m.earlier_seconds,
    m.expected_at
FROM tally.milestones_today AS m
ORDER BY m.milestone_amount

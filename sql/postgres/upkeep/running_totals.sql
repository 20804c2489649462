-- One row is the state of the line as its status line shows it.
-- grain: none
SELECT
    lag_seconds,
    records,
    events_per_second,
    (SELECT sum(events) FILTER (WHERE published_at IS NOT NULL) / sum(events) FROM tally.history_days) AS history_share
FROM
    tally.lag_samples
ORDER BY
    sampled_at DESC
LIMIT 1;

-- One row is the state of the line as the demo of a compose project shows it; it reads views only.
-- grain: none
SELECT
    l.lag_seconds,
    l.records,
    l.events_per_second,
    (
        SELECT h.history_published_events / nullif(h.history_events, 0)::numeric
        FROM history_covered AS h
    ) AS history_share
FROM
    lag_now AS l;

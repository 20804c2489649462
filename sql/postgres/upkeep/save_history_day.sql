-- One row is one store day of the demo's history and whether all of it is in the log.
-- grain: store_day
INSERT INTO tally.history_days (store_day, events, published_at)
VALUES (%(store_day)s, %(events)s, %(published_at)s)
ON CONFLICT (store_day) DO UPDATE SET
    events = excluded.events,
    published_at = excluded.published_at
WHERE
    (history_days.events, history_days.published_at)
    IS DISTINCT FROM (excluded.events, excluded.published_at);

-- One row is one of the newest 50 records that break the event contract, with its reason and origin.
-- grain: origin
SELECT
    r.append_time,
    r.reason,
    r.origin,
    r.line
FROM tally.rejected_events AS r
ORDER BY r.append_time DESC, r.origin
LIMIT 50

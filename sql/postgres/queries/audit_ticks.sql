-- One row is one finished audit of the last 24 hours.
-- grain: finished_at
-- refresh: 30 s
SELECT
    a.started_at,
    a.finished_at,
    a.verdict
FROM tally.audits_24h AS a
ORDER BY a.finished_at

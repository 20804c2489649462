-- One row: how many records came in, and what became of them.
-- grain: one row
SELECT
    -- the archive counts once a second, so the job may be ahead of it
    records - least(in_flight, 0) AS records,
    counted,
    duplicates,
    rejected,
    late
FROM
    event_counts;

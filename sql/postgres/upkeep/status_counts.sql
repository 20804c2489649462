-- One row: how many records came in, and what became of them.
-- grain: one row
SELECT
    records,
    counted,
    duplicates,
    rejected,
    late
FROM
    event_counts;

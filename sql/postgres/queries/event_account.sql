-- One row, the only one, says where every record appended in the store's today went. transit is what the job has not
--   read yet (the archive counts once a second, so the job may be ahead of it: those records are in the log too);
--   difference is what the archive found in the log and the job never read.
-- grain: one row
-- refresh: 5 s
SELECT
    e.records - least(e.in_flight, 0) AS in_log,
    e.counted,
    e.duplicates,
    e.rejected,
    e.late,
    e.difference,
    greatest(e.in_flight, 0) AS transit
FROM tally.event_counts_by_day AS e
WHERE e.store_day = (SELECT c.store_day FROM tally.store_clock AS c)

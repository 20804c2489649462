-- One row is one append hour of one partition of the log, counted by the archive: absolute, so repeatable; Postgres.
-- grain: log_hour, log_partition
-- After a restart the count begins without what was not on disk: the larger row stays until that is read again.
INSERT INTO tally.log_counts_1h AS kept (log_hour, log_partition, records, last_offset)
VALUES %s
ON CONFLICT (log_hour, log_partition) DO UPDATE
SET records = excluded.records,
    last_offset = excluded.last_offset
WHERE excluded.last_offset >= kept.last_offset
  AND (excluded.records, excluded.last_offset) IS DISTINCT FROM (kept.records, kept.last_offset)

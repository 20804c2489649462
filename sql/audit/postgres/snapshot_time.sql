-- One row, the only one, is the moment of the snapshot in epoch milliseconds; Postgres.
-- grain: one row
SELECT (extract(epoch FROM clock_timestamp()) * 1000)::bigint AS taken_ms

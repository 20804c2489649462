-- One row is one second's lag as the archive saw it; Postgres, values bound by execute_values.
-- grain: sampled_at
INSERT INTO tally.lag_samples (sampled_at, lag_seconds, records, events_per_second)
VALUES %s
ON CONFLICT (sampled_at) DO NOTHING

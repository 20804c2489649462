-- One row is one audit with its verdict; Postgres, values bound by execute_values.
-- grain: audit_id
INSERT INTO tally.audit_runs (audit_id, started_at, finished_at, verdict, message)
VALUES %s

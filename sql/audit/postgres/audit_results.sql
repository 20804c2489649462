-- One row is what one audit found in one result table; Postgres, values bound by execute_values.
-- grain: audit_id, table_name
INSERT INTO tally.audit_results (audit_id, table_name, compared, missing, extra, wrong, undecided, sample)
VALUES %s

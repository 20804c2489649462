-- The archive's and the audit's tables.
--   | 归档与对账的表。
-- grain: one grant
GRANT INSERT, UPDATE ON tally.log_counts_1h, tally.lag_samples, tally.audit_runs, tally.audit_results TO tally_writer;

-- One row is one audit: every result row recomputed from the archive by DuckDB and compared. The view audit_runs shows
--   it to readers and takes the writer's rows.
--   | 一行是一次对账：由 DuckDB 从归档重算每一结果行并逐行比较。视图 audit_runs 供读者查看，也接收写入。
-- grain: audit_id
ALTER TABLE tally.audit_runs RENAME TO audit_log;

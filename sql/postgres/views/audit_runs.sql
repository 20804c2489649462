-- One row is one audit: every result row recomputed from the archive by DuckDB and compared. The writer adds rows here.
--   | 一行是一次对账：由 DuckDB 从归档重算每一结果行并逐行比较；对账进程由此写入。
-- grain: audit_id
CREATE VIEW tally.audit_runs AS
SELECT
    a.audit_id,
    a.started_at,
    a.finished_at,
    a.verdict,
    a.message
FROM tally.audit_log AS a;

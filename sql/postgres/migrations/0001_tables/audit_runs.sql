-- One row is one audit: every result row recomputed from the archive by DuckDB and compared.
--   | 一行是一次对账：由 DuckDB 从归档重算每一结果行并逐行比较。
-- grain: audit_id
CREATE TABLE tally.audit_runs (
    audit_id text PRIMARY KEY,
    started_at timestamptz NOT NULL,
    finished_at timestamptz,
    verdict text CHECK (verdict IN ('equal', 'differs', 'failed')),
    message text
);

-- One row is what one audit found in one result table.
--   | 一行是一次对账在一张结果表中的结论。
-- grain: audit_id, table_name
CREATE TABLE tally.audit_results (
    audit_id text NOT NULL,
    table_name text NOT NULL,
    compared bigint NOT NULL,
    missing bigint NOT NULL,
    extra bigint NOT NULL,
    wrong bigint NOT NULL,
    undecided bigint NOT NULL,
    sample jsonb,
    PRIMARY KEY (audit_id, table_name)
);

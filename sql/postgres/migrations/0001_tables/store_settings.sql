-- One row, the only one, is the deployment's settings that views and dashboard need.
--   | 唯一的一行：视图与看板所需的部署设置。
-- grain: one row
CREATE TABLE tally.store_settings (
    only_row boolean PRIMARY KEY DEFAULT true CHECK (only_row),
    currency text NOT NULL DEFAULT 'CNY' CHECK (currency ~ '^[A-Z]{3}$'),
    minor_digits int NOT NULL DEFAULT 2 CHECK (minor_digits BETWEEN 0 AND 4),
    store_zone text NOT NULL DEFAULT 'Asia/Shanghai',
    target_amount bigint CHECK (target_amount > 0),
    milestones bigint[] NOT NULL DEFAULT '{}',
    shipments boolean NOT NULL DEFAULT false,
    stale_seconds numeric NOT NULL DEFAULT 10 CHECK (stale_seconds > 0),
    retention_days int CHECK (retention_days > 0)
);

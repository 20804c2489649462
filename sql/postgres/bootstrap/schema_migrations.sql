-- One row is one numbered migration that this database has had. | 一行是本数据库已执行的一个编号迁移。
-- grain: version
-- name: Name of the migration's folder, without its number.
--   | 迁移目录名（不含编号）。
--   | text; attribute
CREATE TABLE IF NOT EXISTS tally.schema_migrations (
    version int PRIMARY KEY,
    name text NOT NULL,
    checksum text NOT NULL,
    applied_at timestamptz NOT NULL DEFAULT now()
);

-- One row is one view or function that the newest migration made, and the fingerprint of its file.
--   | 一行是最近一次迁移创建的一个视图或函数，以及其文件指纹。
-- grain: name
-- name: Name of the view or function.
--   | 视图或函数名。
--   | text; key
CREATE TABLE IF NOT EXISTS tally.schema_objects (
    name text PRIMARY KEY,
    kind text NOT NULL,
    fingerprint text NOT NULL
);

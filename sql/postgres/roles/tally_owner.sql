-- Owns the schema and runs migrations. | 拥有模式并执行迁移。
-- grain: one role
CREATE ROLE tally_owner LOGIN CONNECTION LIMIT 10;

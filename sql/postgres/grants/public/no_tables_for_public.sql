-- The same for what is in the schema.
--   | 模式内对象亦然。
-- grain: one role
REVOKE ALL ON ALL TABLES IN SCHEMA tally FROM PUBLIC;

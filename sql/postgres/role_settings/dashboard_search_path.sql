-- The dashboard may leave out the schema.
--   | 看板可省略模式名。
-- grain: one role
ALTER ROLE tally_dashboard SET search_path = tally;

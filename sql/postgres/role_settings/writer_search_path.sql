-- The writer may leave out the schema.
--   | 写入者可省略模式名。
-- grain: one role
ALTER ROLE tally_writer SET search_path = tally;

-- A reader may leave out the schema.
--   | 读者可省略模式名。
-- grain: one role
ALTER ROLE tally_reader SET search_path = tally;

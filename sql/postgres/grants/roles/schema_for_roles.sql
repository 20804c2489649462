-- The roles may look names up.
--   | 各角色可解析对象名。
-- grain: one grant
GRANT USAGE ON SCHEMA tally TO tally_writer, tally_reader, tally_dashboard;

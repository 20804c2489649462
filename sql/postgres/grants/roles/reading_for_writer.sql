-- The writer sees everything, so that it can go on where it stopped.
--   | 写入者可查看全部对象，以便从中断处继续。
-- grain: one grant
GRANT SELECT ON ALL TABLES IN SCHEMA tally TO tally_writer;

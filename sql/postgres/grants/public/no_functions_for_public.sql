-- Functions are open to everyone unless told otherwise.
--   | 函数默认对所有人开放，须收回。
-- grain: one role
REVOKE ALL ON ALL FUNCTIONS IN SCHEMA tally FROM PUBLIC;

-- Nobody has a right by being a user of this server.
--   | 任何人不因是服务器用户而拥有权限。
-- grain: one role
REVOKE ALL ON SCHEMA tally FROM PUBLIC;

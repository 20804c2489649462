-- A reader's statement ends after 30 seconds.
--   | 读者的语句 30 秒后终止。
-- grain: one role
ALTER ROLE tally_reader SET statement_timeout = '30s';

-- A panel's query ends after 10 seconds and the panel says so.
--   | 面板查询 10 秒后终止并提示。
-- grain: one role
ALTER ROLE tally_dashboard SET statement_timeout = '10s';

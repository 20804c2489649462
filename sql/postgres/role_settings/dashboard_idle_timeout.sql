-- A dashboard's forgotten transaction ends after a minute.
--   | 看板闲置事务一分钟后终止。
-- grain: one role
ALTER ROLE tally_dashboard SET idle_in_transaction_session_timeout = '60s';

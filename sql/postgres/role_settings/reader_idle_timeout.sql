-- A reader's forgotten transaction ends after a minute, so that clean-up goes on.
--   | 读者闲置事务一分钟后终止，以免妨碍清理。
-- grain: one role
ALTER ROLE tally_reader SET idle_in_transaction_session_timeout = '60s';

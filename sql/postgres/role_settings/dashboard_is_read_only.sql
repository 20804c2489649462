-- The dashboard's transactions are read-only from the start.
--   | 看板的事务默认只读。
-- grain: one role
ALTER ROLE tally_dashboard SET default_transaction_read_only = on;

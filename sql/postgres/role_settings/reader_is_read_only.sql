-- A reader's transactions are read-only from the start.
--   | 读者的事务默认只读。
-- grain: one role
ALTER ROLE tally_reader SET default_transaction_read_only = on;

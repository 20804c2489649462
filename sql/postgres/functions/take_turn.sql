-- Waits for the turn, and holds it until the transaction ends, of whoever changes all of the results: closing of windows,
--   new partitions, migrations, a rebuild. Each would wait for the other's locks.
--   | 等待并持有（直到事务结束）改动全部结果的轮次：结算窗口、新建分区、迁移、重建；否则彼此等待对方的锁。
-- grain: one call
CREATE OR REPLACE FUNCTION tally.take_turn() RETURNS void
LANGUAGE sql AS $$
    SELECT pg_advisory_xact_lock(2048006122)
$$;

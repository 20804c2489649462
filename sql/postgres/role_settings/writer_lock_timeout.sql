-- A writer waits at most a minute for a lock, then its sink tries again.
--   | 写入者最多等待锁一分钟，随后由 sink 重试。
-- grain: one role
ALTER ROLE tally_writer SET lock_timeout = '60s';

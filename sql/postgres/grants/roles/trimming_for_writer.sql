-- The supervisor forgets old measurements; no role but the owner deletes results.
--   | 监管进程清除旧的测量数据；除所有者外，任何角色都不删除结果。
-- grain: one grant
GRANT DELETE ON tally.lag_samples, tally.checkpoint_stats TO tally_writer;

-- One entry is one checkpoint, by the time it was triggered: the newest ones are asked for.
--   | 按触发时间索引检查点。
-- grain: triggered_at
CREATE INDEX checkpoint_stats_triggered_at ON tally.checkpoint_stats (triggered_at);

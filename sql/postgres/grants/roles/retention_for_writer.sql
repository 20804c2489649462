-- Old measurements are deleted by retention.
--   | 旧的测量数据按保留期删除。
-- grain: one grant
GRANT DELETE ON tally.lag_samples, tally.checkpoint_stats, tally.order_ticker TO tally_writer;

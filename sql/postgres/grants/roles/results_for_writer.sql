-- The job's tables: upserts, never deletes.
--   | 作业的表：可插入更新，不可删除。
-- grain: one grant
GRANT INSERT, UPDATE ON tally.sales_10s, tally.stock_flow_1m, tally.day_buyers, tally.orders_1s, tally.order_ticker,
    tally.rejected_records, tally.event_counts_1h, tally.job_runs, tally.checkpoint_stats TO tally_writer;

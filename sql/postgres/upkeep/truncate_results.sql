-- Empties what the job writes, so that it can be made again from the log.
-- grain: none
TRUNCATE
    tally.sales_10s,
    tally.stock_flow_1m,
    tally.day_buyers,
    tally.orders_1s,
    tally.order_ticker,
    tally.rejected_records,
    tally.event_counts_1h,
    tally.checkpoint_stats;

-- One row is one result table, its partitions together, largest first.
-- grain: table_name
-- refresh: 60 s
SELECT
    t.table_name,
    t.estimated_rows,
    t.size_bytes,
    t.bytes_per_day,
    t.kept_days
FROM tally.table_sizes AS t
WHERE t.table_name IN ('sales_10s', 'stock_flow_1m', 'orders_1s', 'day_buyers', 'order_ticker', 'rejected_records')
ORDER BY t.size_bytes DESC, t.table_name

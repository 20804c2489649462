-- One row is where the records of the log are: the archive counted the records, the job the rest; Postgres.
-- grain: law
COPY (
    SELECT 'records = counted + duplicates + rejected' AS law,
           (SELECT coalesce(sum(records), 0) FROM tally.log_counts_1h)::bigint AS records,
           coalesce(sum(c.counted), 0)::bigint AS counted,
           coalesce(sum(c.records - c.counted - c.rejected), 0)::bigint AS duplicates,
           coalesce(sum(c.rejected), 0)::bigint AS rejected,
           (SELECT coalesce(sum(event_count), 0) FROM tally.stock_flow_1m)::bigint AS counted_in_stock_flow,
           (SELECT count(*) FROM tally.rejected_records) AS rows_in_rejected_records
    FROM tally.event_counts_1h AS c
) TO STDOUT (FORMAT csv, HEADER)

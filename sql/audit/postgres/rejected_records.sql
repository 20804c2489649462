-- One row is one rejected record: its place, its origin, and what its reason names first; times as UTC; Postgres.
-- grain: log_partition, log_offset
-- A run of U+FFFD is compared as one, see lines_rejected_records.sql.
-- A reason about a field begins with the field's name; any other is about the JSON itself.
COPY (
    SELECT log_partition,
           log_offset,
           append_time AT TIME ZONE 'UTC' AS append_time,
           topic,
           regexp_replace(file, '\uFFFD+', U&'\FFFD', 'g') AS file,
           file_line,
           CASE
               -- the rule about the product stands at unit_amount in the contract's table
               WHEN reason LIKE 'quantity × unit_amount %' THEN 'unit_amount'
               WHEN split_part(reason, ' ', 1) IN (
                   'event_id', 'event_type', 'event_time', 'sku', 'warehouse_id', 'quantity', 'currency', 'order_id',
                   'line_no', 'channel', 'region', 'unit_amount', 'discount_amount', 'customer_id', 'to_stock',
                   'sent_at'
               ) THEN split_part(reason, ' ', 1)
               ELSE 'json'
           END AS broken_part
    FROM tally.rejected_records
) TO STDOUT (FORMAT csv, HEADER)

-- One row is one record that has to be in rejected_records, with its origin; DuckDB.
-- grain: key (log_partition, log_offset)
CREATE OR REPLACE TABLE expected_rejected_records AS
SELECT key,
       part AS measures
FROM lines_rejected_records

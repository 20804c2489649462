-- One row is one record, read and thrown away: what no form can do without.
-- grain: log_partition, log_offset
INSERT INTO raw_values
SELECT
    `value`,
    log_offset
FROM raw_records

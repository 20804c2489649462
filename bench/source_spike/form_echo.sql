-- One row is one record, given to a Python function and back: the price of the call.
-- grain: log_partition, log_offset
INSERT INTO raw_values
SELECT
    echo(`value`, 1),
    log_offset
FROM raw_records

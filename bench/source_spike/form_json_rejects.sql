-- One row is one record that is no JSON object: the second scan that the native JSON form needs.
-- grain: log_partition, log_offset
INSERT INTO text_values
SELECT
    `value`,
    log_offset
FROM text_records
WHERE `value` IS NOT JSON OBJECT

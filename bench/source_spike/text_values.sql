-- One row is one record that is no JSON object, thrown away.
-- grain: log_partition, log_offset
CREATE TABLE text_values (
    `value` STRING,
    log_offset BIGINT
) WITH (
    'connector' = 'blackhole'
)

-- One row is one raw record, thrown away.
-- grain: log_partition, log_offset
CREATE TABLE raw_values (
    `value` BYTES,
    log_offset BIGINT
) WITH (
    'connector' = 'blackhole'
)

-- One row stays one record of the log, which asks for a user; name and password are in the JVM's login file, never here.
-- grain: log_partition, log_offset
ALTER TABLE sales_events SET (
    'properties.security.protocol' = '${kafka_security}',
    'properties.sasl.mechanism' = '${kafka_mechanism}'
)

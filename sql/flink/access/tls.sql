-- The log is read through TLS; one row stays one record of the log.
-- grain: log_partition, log_offset
ALTER TABLE sales_events SET (
    'properties.security.protocol' = '${kafka_security}',
    'properties.ssl.truststore.type' = 'PEM',
    'properties.ssl.truststore.location' = '${kafka_ca_file}'
)

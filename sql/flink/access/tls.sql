-- One row stays one record of the log, which is read through TLS.
-- grain: log_partition, log_offset
ALTER TABLE sales_events SET (
    'properties.security.protocol' = '${kafka_security}',
    'properties.ssl.truststore.type' = 'PEM',
    'properties.ssl.truststore.location' = '${kafka_ca_file}'
)

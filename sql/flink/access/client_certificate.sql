-- One row stays one record of the log, which knows us by a certificate: a PEM file with the key and its chain.
-- grain: log_partition, log_offset
ALTER TABLE sales_events SET (
    'properties.ssl.keystore.type' = 'PEM',
    'properties.ssl.keystore.location' = '${kafka_key_file}'
)

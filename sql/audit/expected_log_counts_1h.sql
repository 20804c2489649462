-- One row is one hour of append time of one partition of the log as the archive has to count it; DuckDB.
-- grain: key (log_hour, log_partition)
CREATE OR REPLACE TABLE expected_log_counts_1h AS
SELECT key,
       {
           'records': count(*),
           'last_offset': max("offset")
       } AS measures
FROM lines_log_counts_1h
GROUP BY key

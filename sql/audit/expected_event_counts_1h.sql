-- One row is one hour of append time of one partition of the log as the job has to count it; DuckDB.
-- grain: key (log_hour, log_partition)
CREATE OR REPLACE TABLE expected_event_counts_1h AS
SELECT key,
       {
           'records': count(*),
           'counted': count(*) FILTER (WHERE is_counted),
           'rejected': count(*) FILTER (WHERE part.is_rejected),
           'late': count(*) FILTER (WHERE is_counted AND part.is_late),
           'last_offset': max("offset"),
           'newest_append_time': make_timestamp(max(append_time_ms) * 1000),
           'event_count': sum(weight)::BIGINT
       } AS measures
FROM lines_event_counts_1h
GROUP BY key

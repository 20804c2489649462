-- One row is the records of one hour of append time in one partition of the log.
-- grain: log_hour, log_partition
-- log_hour is made before GROUP BY: a key made after it is no key to the planner, and each update would delete first.
INSERT INTO event_counts_1h
SELECT
    log_hour,
    log_partition,
    SUM(records) AS records,
    SUM(counted) AS counted,
    SUM(rejected) AS rejected,
    SUM(late) AS late,
    MAX(log_offset) AS last_offset,
    CAST(MAX(append_time) AS TIMESTAMP(3)) AS newest_append_time,
    SUM(records) + SUM(counted) AS event_count
FROM (
    SELECT
        CAST(FLOOR(append_time TO HOUR) AS TIMESTAMP(3)) AS log_hour,
        log_partition,
        log_offset,
        append_time,
        CAST(1 AS BIGINT) AS records,
        CAST(0 AS BIGINT) AS counted,
        CASE WHEN reason IS NULL THEN CAST(0 AS BIGINT) ELSE 1 END AS rejected,
        CAST(0 AS BIGINT) AS late
    FROM sales_events
    UNION ALL
    SELECT
        CAST(FLOOR(append_time TO HOUR) AS TIMESTAMP(3)) AS log_hour,
        log_partition,
        log_offset,
        append_time,
        CAST(0 AS BIGINT) AS records,
        CAST(1 AS BIGINT) AS counted,
        CAST(0 AS BIGINT) AS rejected,
        CASE WHEN late THEN CAST(1 AS BIGINT) ELSE 0 END AS late
    FROM unique_events
)
GROUP BY log_hour, log_partition

-- One row is one record of the log that breaks the event contract, kept with its reason and origin.
--   | 一行是日志中违反事件契约的一条记录，连同原因与来源一并保留。
-- grain: log_partition, log_offset
CREATE TABLE tally.rejected_records (
    log_partition int NOT NULL,
    log_offset bigint NOT NULL,
    append_time timestamptz NOT NULL,
    reason text NOT NULL,
    line text,
    file text,
    file_line bigint,
    topic text NOT NULL,
    PRIMARY KEY (log_partition, log_offset)
);

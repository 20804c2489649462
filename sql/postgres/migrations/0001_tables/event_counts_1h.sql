-- One row is the records of one hour of append time in one partition of the log, as the job counted them.
--   | 一行是日志某分区在某一写入小时内的记录数，由作业统计。
-- grain: log_hour, log_partition
-- records: Records that the job read in this hour and partition.
--   | 作业在该小时该分区读到的记录数。
--   | records; additive
-- event_count: records + counted rows seen by the job; it only grows.
--   | 作业见到的 records 与 counted 行数之和，只增不减。
--   | rows; additive
CREATE TABLE tally.event_counts_1h (
    log_hour timestamptz NOT NULL,
    log_partition int NOT NULL,
    records bigint NOT NULL,
    counted bigint NOT NULL,
    rejected bigint NOT NULL,
    late bigint NOT NULL,
    last_offset bigint NOT NULL,
    newest_append_time timestamptz NOT NULL,
    event_count bigint NOT NULL,
    PRIMARY KEY (log_hour, log_partition)
) WITH (fillfactor = 50);

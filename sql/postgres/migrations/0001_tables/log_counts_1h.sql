-- One row is the records of one hour of append time in one partition of the log,
--   as the archive's own consumer counted them.
--   | 一行是日志某分区在某一写入小时内的记录数，由归档的独立消费者统计。
-- grain: log_hour, log_partition
-- records: Records that the archive's consumer read in this hour and partition.
--   | 归档消费者在该小时该分区读到的记录数。
--   | records; additive
CREATE TABLE tally.log_counts_1h (
    log_hour timestamptz NOT NULL,
    log_partition int NOT NULL,
    records bigint NOT NULL,
    last_offset bigint NOT NULL,
    PRIMARY KEY (log_hour, log_partition)
) WITH (fillfactor = 50);

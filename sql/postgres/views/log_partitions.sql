-- One row is one partition of the log: how far its own consumer, the archive, and the job have come in it.
--   | 一行是日志的一个分区：归档（独立消费者）与作业各自读到的位置。
-- grain: log_partition
-- archived_offset: Offset of the newest record that the archive has read; null before the first.
--   | 归档已读到的最新记录的位移；尚无则为空。
--   | number; not additive
-- counted_offset: Offset of the newest record that the results hold; null before the first.
--   | 结果中已包含的最新记录的位移；尚无则为空。
--   | number; not additive
-- consumer_lag: Offsets from the results' newest record to the log's newest; 0 when drained.
--   | 结果的最新记录与日志最新记录之间的位移差；全部处理完为 0。
--   | offsets; additive
CREATE VIEW tally.log_partitions AS
SELECT
    log_partition,
    l.last_offset AS archived_offset,
    e.last_offset AS counted_offset,
    greatest(coalesce(l.last_offset, -1) - coalesce(e.last_offset, -1), 0) AS consumer_lag
FROM (
    SELECT c.log_partition, max(c.last_offset) AS last_offset FROM tally.log_counts_1h AS c GROUP BY c.log_partition
) AS l
FULL JOIN (
    SELECT c.log_partition, max(c.last_offset) AS last_offset FROM tally.event_counts_1h AS c GROUP BY c.log_partition
) AS e USING (log_partition);

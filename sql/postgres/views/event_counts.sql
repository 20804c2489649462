-- One row, the only one, says where every record of the log went: records = counted + duplicates + rejected when drained.
--   | 唯一的一行：日志中每条记录的去向；处理完毕时 records = counted + duplicates + rejected。
-- grain: one row
-- records: Records in the log, as the archive's own consumer counted them. | 日志中的记录数（由归档的独立消费者统计）。 | records; additive
CREATE VIEW tally.event_counts AS
SELECT
    coalesce(sum(l.records), 0)::bigint AS records,
    coalesce(sum(e.records), 0)::bigint AS read_records,
    coalesce(sum(e.counted), 0)::bigint AS counted,
    coalesce(sum(e.records - e.rejected - e.counted), 0)::bigint AS duplicates,
    coalesce(sum(e.rejected), 0)::bigint AS rejected,
    coalesce(sum(e.late), 0)::bigint AS late,
    coalesce(sum(coalesce(l.records, 0) - coalesce(e.records, 0)) FILTER (
        WHERE l.last_offset = e.last_offset
    ), 0)::bigint AS difference,
    coalesce(sum(coalesce(l.records, 0) - coalesce(e.records, 0)) FILTER (
        WHERE l.last_offset IS DISTINCT FROM e.last_offset
    ), 0)::bigint AS in_flight
FROM tally.log_counts_1h AS l
FULL JOIN tally.event_counts_1h AS e ON e.log_hour = l.log_hour AND e.log_partition = l.log_partition;

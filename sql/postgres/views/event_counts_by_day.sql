-- One row says where the records appended in one store day went; a day is counted in whole UTC hours.
--   | 一行是一个门店日内写入日志的记录的去向；按 UTC 整点小时归入门店日。
-- grain: store_day
-- records: Records appended, as the archive's own consumer counted them. | 写入的记录数（由归档的独立消费者统计）。 | records; additive
CREATE VIEW tally.event_counts_by_day AS
SELECT
    (coalesce(l.log_hour, e.log_hour) AT TIME ZONE x.store_zone)::date AS store_day,
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
FULL JOIN tally.event_counts_1h AS e ON e.log_hour = l.log_hour AND e.log_partition = l.log_partition
CROSS JOIN tally.store_settings AS x
GROUP BY (coalesce(l.log_hour, e.log_hour) AT TIME ZONE x.store_zone)::date;

-- One row is one record of the log that breaks the event contract. | 一行是日志中违反事件契约的一条记录。
-- grain: log_partition, log_offset
-- origin: Where it came from: topic/partition/offset, and file:line when it came through the inbox.
--   | 来源：主题/分区/位移；经收件箱者另有 文件:行号。
--   | text; attribute
CREATE VIEW tally.rejected_events AS
SELECT
    r.append_time,
    r.reason,
    r.topic || '/' || r.log_partition || '/' || r.log_offset
    || coalesce(' ' || r.file || ':' || r.file_line, '') AS origin,
    r.line,
    r.topic,
    r.log_partition,
    r.log_offset,
    r.file,
    r.file_line
FROM tally.rejected_records AS r;

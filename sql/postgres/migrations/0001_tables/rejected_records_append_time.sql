-- One entry is one rejected record, by append time: the newest ones and those of today are asked for.
--   | 按写入时间索引被拒收的记录。
-- grain: append_time
CREATE INDEX rejected_records_append_time ON tally.rejected_records (append_time);

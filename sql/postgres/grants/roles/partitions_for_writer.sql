-- The supervisor makes the partitions of the days to come.
--   | 监管进程为后续日期创建分区。
-- grain: one grant
GRANT EXECUTE ON FUNCTION tally.create_partitions(date, date) TO tally_writer;

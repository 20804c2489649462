-- Writes results: the job, the archive, the audit and the supervisor. | 写入结果：作业、归档、对账与监管进程。
-- grain: one role
CREATE ROLE tally_writer LOGIN CONNECTION LIMIT 130;

-- What a writer has committed outlives a crash of the server: a checkpoint of the job, once complete, is not repeated.
--   | 写入者提交的数据在服务器崩溃后仍在：已完成的检查点不会重放。
-- grain: one role
ALTER ROLE tally_writer SET synchronous_commit = on;

-- The supervisor closes windows every hour. | 监管进程每小时结算窗口。
-- grain: one grant
GRANT EXECUTE ON FUNCTION tally.close_windows(timestamptz) TO tally_writer;

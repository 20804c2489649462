-- Views call these with the rights of who reads. | 视图以读者权限调用这些函数。
-- grain: one grant
GRANT EXECUTE ON FUNCTION tally.store_now(), tally.major_units(numeric, int), tally.day_start(date, text)
TO tally_writer, tally_reader, tally_dashboard;

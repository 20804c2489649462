-- One firing is a change of the store's time zone: the closed columns of today are counted anew.
--   | 每次触发对应门店时区变更：重新统计当日的结算列。
-- grain: one change of store_settings
CREATE TRIGGER move_day_start AFTER UPDATE ON tally.store_settings
FOR EACH ROW WHEN (NEW.store_zone <> OLD.store_zone) EXECUTE FUNCTION tally.move_day_start();

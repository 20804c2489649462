-- The settings row is changed, never removed. | 设置行只可修改，不可删除。
-- grain: one grant
GRANT UPDATE ON tally.store_settings TO tally_writer;

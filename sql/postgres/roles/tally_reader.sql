-- Reads the views, from `tally sql` or a tool of yours. | 读取视图，供 `tally sql` 或您的工具使用。
-- grain: one role
CREATE ROLE tally_reader LOGIN CONNECTION LIMIT 20;

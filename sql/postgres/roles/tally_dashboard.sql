-- Reads the views for the dashboard. | 供看板读取视图。
-- grain: one role
CREATE ROLE tally_dashboard LOGIN CONNECTION LIMIT 16;

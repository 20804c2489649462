-- Keeps the row with the greater totals: a replay after a restore counts up from an older state and would otherwise
--   show smaller totals meanwhile. `SET tally.rebuild = 'on'` in a session lets its updates through.
--   | 保留总数更大的行：恢复后的重放从较旧状态重新累计，否则总数会暂时变小。会话中执行 SET tally.rebuild = 'on' 可放行。
-- grain: one updated row
CREATE OR REPLACE FUNCTION tally.keep_greater_total() RETURNS trigger
LANGUAGE plpgsql AS $$
BEGIN
    IF current_setting('tally.rebuild', true) = 'on' THEN
        RETURN NEW;
    END IF;
    RETURN NULL;
END
$$;

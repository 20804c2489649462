-- The moment that the views call now; `SET tally.now = '2026-11-22 14:03:07+08'` in a session holds it, for tests and
--   for looking back.
--   | 视图所用的“现在”；会话中 SET tally.now = '…' 可固定它，用于测试与回看。
-- grain: one call
CREATE OR REPLACE FUNCTION tally.store_now() RETURNS timestamptz
LANGUAGE sql STABLE AS $$
    SELECT coalesce(nullif(current_setting('tally.now', true), '')::timestamptz, now())
$$;

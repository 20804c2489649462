-- One row is one result table in the newest finished audit. No row before the first.
--   | 一行是最近一次已完成对账中的一张结果表；首次对账前没有行。
-- grain: table_name
-- audit_id: Audit. | 对账编号。 | text; attribute
-- table_name: Table; null when the audit could not run. | 表名；对账未能执行时为空。 | text; key
-- age_seconds: Since it finished. | 距完成的时长。 | seconds; not additive
CREATE VIEW tally.last_audit AS
SELECT
    a.audit_id,
    a.started_at,
    a.finished_at,
    extract(epoch FROM tally.store_now() - a.finished_at) AS age_seconds,
    a.verdict,
    a.message,
    r.table_name,
    r.compared,
    r.missing,
    r.extra,
    r.wrong,
    r.undecided,
    r.sample
FROM (
    SELECT l.*
    FROM tally.audit_log AS l
    WHERE l.finished_at IS NOT NULL
    ORDER BY l.finished_at DESC
    LIMIT 1
) AS a
LEFT JOIN tally.audit_results AS r ON r.audit_id = a.audit_id;

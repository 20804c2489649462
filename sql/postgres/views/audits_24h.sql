-- One row is one finished audit of the last 24 hours, with its sums over tables. | 一行是最近 24 小时内一次已完成的对账及其各表合计。
-- grain: audit_id
-- compared: Rows compared, all tables. | 已比较的行数（全部表）。 | rows; additive
-- differing: Rows missing, extra or wrong, all tables. | 缺、多、错的行数（全部表）。 | rows; additive
CREATE VIEW tally.audits_24h AS
SELECT
    a.audit_id,
    a.started_at,
    a.finished_at,
    a.verdict,
    a.message,
    coalesce(sum(r.compared), 0)::bigint AS compared,
    coalesce(sum(r.missing + r.extra + r.wrong), 0)::bigint AS differing
FROM tally.audit_log AS a
LEFT JOIN tally.audit_results AS r ON r.audit_id = a.audit_id
WHERE a.finished_at > tally.store_now() - interval '24 hours'
GROUP BY a.audit_id, a.started_at, a.finished_at, a.verdict, a.message;

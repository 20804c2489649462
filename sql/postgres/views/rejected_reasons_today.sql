-- One row is one reason for which records appended in the store's today were rejected. | 一行是今日写入记录被拒收的一种原因。
-- grain: reason
-- reason: Which rule of the event contract is broken, in words. | 违反的契约规则说明。 | text; key
-- records: Records rejected for it. | 因此被拒收的记录数。 | records; additive
CREATE VIEW tally.rejected_reasons_today AS
SELECT r.reason, count(*) AS records
FROM tally.rejected_records AS r
WHERE r.append_time >= (SELECT c.day_start FROM tally.store_clock AS c)
    AND r.append_time < (SELECT c.day_end FROM tally.store_clock AS c)
GROUP BY r.reason;

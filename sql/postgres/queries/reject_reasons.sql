-- One row is one kind of fault for which records of today were rejected, without the value that was found.
-- grain: reason
-- refresh: 10 s
SELECT
    regexp_replace(split_part(r.reason, ':', 1), ' the append time [0-9]+$', ' the append time') AS reason,
    sum(r.records)::bigint AS records
FROM tally.rejected_reasons_today AS r
GROUP BY regexp_replace(split_part(r.reason, ':', 1), ' the append time [0-9]+$', ' the append time')
ORDER BY sum(r.records) DESC, regexp_replace(split_part(r.reason, ':', 1), ' the append time [0-9]+$', ' the append time')

-- One row is one kind of fault for which records of today were rejected, without the value that was found.
-- grain: reason
-- refresh: 10 s
WITH kinds AS (
    SELECT
        regexp_replace(split_part(r.reason, ':', 1), ' the append time [0-9]+$', ' the append time') AS reason,
        r.records
    FROM tally.rejected_reasons_today AS r
)

SELECT
    k.reason,
    sum(k.records)::bigint AS records
FROM kinds AS k
GROUP BY k.reason
ORDER BY sum(k.records) DESC, k.reason

-- One row is one copy of a repeated event_id that counts: the first, and each after the id was forgotten; DuckDB.
-- grain: event_id, copy_no
-- A counted copy is remembered for the dedup horizon from its append on; repeats in between do not prolong it.
CREATE OR REPLACE TABLE counted_copies AS
WITH RECURSIVE chain AS (
    SELECT event_id,
           copy_no,
           read_time_ms
    FROM copies
    WHERE copy_no = 1

    UNION ALL

    SELECT c.event_id,
           c.copy_no,
           c.read_time_ms
    FROM chain
    INNER JOIN copies AS c
        ON c.event_id = chain.event_id
        AND c.copy_no > chain.copy_no
        AND c.read_time_ms >= chain.read_time_ms + getvariable('dedup_ms')
    QUALIFY row_number() OVER (PARTITION BY c.event_id ORDER BY c.copy_no) = 1
)

SELECT event_id,
       copy_no
FROM chain

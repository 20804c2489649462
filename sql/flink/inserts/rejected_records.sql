-- One row is one record of the log that breaks the event contract, with its reason and origin.
-- grain: log_partition, log_offset
-- Postgres refuses U+0000, and a header is as foreign as the value: it is shown as its escape.
-- file_line: 1 to 18 ASCII digits and nothing else; a cast alone would take -5, 1.5 and blanks, too.
INSERT INTO rejected_records
SELECT
    log_partition,
    log_offset,
    CAST(append_time AS TIMESTAMP(3)) AS append_time,
    reason,
    line,
    REPLACE(DECODE(headers['file'], 'UTF-8'), CHR(0), '\u0000') AS file,
    CASE
        WHEN REGEXP_EXTRACT(DECODE(headers['line'], 'UTF-8'), '[0-9]{1,18}') = DECODE(headers['line'], 'UTF-8')
            THEN CAST(DECODE(headers['line'], 'UTF-8') AS BIGINT)
    END AS file_line,
    '${topic}' AS topic
FROM sales_events
WHERE reason IS NOT NULL

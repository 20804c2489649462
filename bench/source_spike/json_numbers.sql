-- One row is one record of json_records with its integers read strictly, NULL where one is not of the contract's form.
-- grain: log_partition, log_offset
CREATE TEMPORARY VIEW json_numbers AS
SELECT
    *,
    CASE WHEN CAST(TRY_CAST(event_time AS BIGINT) AS STRING) = event_time THEN TRY_CAST(event_time AS BIGINT) END AS time_ms,
    CASE WHEN CAST(TRY_CAST(quantity AS BIGINT) AS STRING) = quantity THEN TRY_CAST(quantity AS BIGINT) END AS units,
    CASE WHEN CAST(TRY_CAST(line_no AS BIGINT) AS STRING) = line_no THEN TRY_CAST(line_no AS BIGINT) END AS line_number,
    CASE WHEN CAST(TRY_CAST(unit_amount AS BIGINT) AS STRING) = unit_amount THEN TRY_CAST(unit_amount AS BIGINT) END AS unit,
    CASE WHEN CAST(TRY_CAST(discount_amount AS BIGINT) AS STRING) = discount_amount
        THEN TRY_CAST(discount_amount AS BIGINT) END AS discount,
    CASE WHEN CAST(TRY_CAST(sent_at AS BIGINT) AS STRING) = sent_at THEN TRY_CAST(sent_at AS BIGINT) END AS sent_ms,
    EXTRACT(EPOCH FROM append_time) * 1000 + EXTRACT(MILLISECOND FROM append_time) AS append_ms
FROM json_records

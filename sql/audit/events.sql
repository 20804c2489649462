-- One row is one record of the log: is_counted where it is valid and no duplicate; DuckDB.
-- grain: partition, offset
CREATE OR REPLACE VIEW events AS
SELECT r.*,
       r.broken_part IS NULL AND d."offset" IS NULL AS is_counted,
       DATE '1970-01-01' + (r.append_time_ms // 86400000)::INTEGER AS log_date
FROM records AS r
LEFT JOIN duplicates AS d
    ON d."partition" = r."partition"
    AND d."offset" = r."offset"

-- One row is one record of the log with the contract's verdict: broken_part is null where it is kept; DuckDB.
-- grain: partition, offset
CREATE OR REPLACE VIEW records AS
SELECT *
FROM read_parquet(getvariable('verdict_files'))

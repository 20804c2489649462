-- One value is the Parquet files with the verdict on every record; DuckDB.
-- grain: one value
SET VARIABLE verdict_files = ?

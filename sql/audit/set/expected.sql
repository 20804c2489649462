-- One value is the table at hand as it must be; DuckDB.
-- grain: one value
SET VARIABLE expected = ?

-- One value is the view of the records behind the table at hand; DuckDB.
-- grain: one value
SET VARIABLE lines = ?

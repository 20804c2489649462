-- One value is how many differing rows of a table are shown; DuckDB.
-- grain: one value
SET VARIABLE most_shown = ?

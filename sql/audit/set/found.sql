-- One value is the table at hand as Postgres has it; DuckDB.
-- grain: one value
SET VARIABLE found = ?

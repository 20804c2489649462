-- One value is append time (epoch ms) up to which records have to be visible; DuckDB.
-- grain: one value
SET VARIABLE settled_before_ms = ?

-- One value is whether shipments are recorded; DuckDB.
-- grain: one value
SET VARIABLE shipments = ?

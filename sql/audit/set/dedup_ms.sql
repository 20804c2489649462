-- One value is how long an event_id is remembered, in milliseconds; NULL when repeats are not looked for; DuckDB.
-- grain: one value
SET VARIABLE dedup_ms = ?

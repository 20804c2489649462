-- One row is one key of the table at hand whose row differs by which copy of an unsure event_id was counted; DuckDB.
-- grain: key
SELECT unnest(key)
FROM undecided_keys

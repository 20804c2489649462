-- Forgets which functions and views were made, before what exists is written down.
-- grain: none
DELETE FROM tally.schema_objects;

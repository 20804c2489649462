-- Makes the table of the keys of one table whose rows depend on which copy of an event was read first. Names are filled
-- in, quoted.
-- grain: the table's key
CREATE TABLE {undecided} AS
SELECT {key}
FROM {shadow}
WHERE false;

-- Copies the live rows of one table beside its shadow, to be compared with it later. Names are filled in, quoted.
-- grain: the table's key
CREATE TABLE {copy} AS
SELECT {columns}
FROM {live};

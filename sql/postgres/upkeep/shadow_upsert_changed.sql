-- Writes the shadow rows of one table that the live one lacks or has otherwise. Names are filled in, quoted.
-- grain: the table's key
-- Equal rows are left alone: a rebuild of right results writes nothing.
INSERT INTO {live} ({columns})
SELECT {columns} FROM {shadow}
EXCEPT
SELECT {columns} FROM {live}
ON CONFLICT ({key}) DO UPDATE SET ({others}) = ROW({new_others});

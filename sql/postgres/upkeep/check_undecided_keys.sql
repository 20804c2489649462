-- Adds such keys, some at once. Names are filled in, quoted.
-- grain: the table's key
INSERT INTO {undecided} ({key}) VALUES %s

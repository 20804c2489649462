-- Closes windows, a day of data at most; one row with up to when they are closed, null for none.
-- grain: one row
-- -infinity has no Python value
SELECT nullif(tally.close_windows(), '-infinity');

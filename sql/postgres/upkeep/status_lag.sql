-- One row: the age of the oldest record that is not yet visible, in seconds.
-- grain: one row
SELECT lag_seconds
FROM
    store_clock;

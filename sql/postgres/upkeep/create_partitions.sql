-- Makes the daily partitions from some days before today to some after; one row with how many were missing.
-- grain: one row
SELECT tally.create_partitions(current_date - %(before)s::int, current_date + %(after)s::int);

-- Takes the turn of whoever changes all of the results: closing of windows, new partitions, migrations, a rebuild.
-- grain: none
SELECT
    pg_advisory_xact_lock(2048006122);

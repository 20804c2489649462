-- Takes the turn of whoever changes all of the results: closing of windows, new partitions, migrations, a rebuild.
-- grain: none
SELECT tally.take_turn();

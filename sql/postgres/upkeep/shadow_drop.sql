-- Throws the shadow results away, whether a rebuild was given up or has become the live results.
-- grain: none
DROP SCHEMA IF EXISTS tally_shadow CASCADE;

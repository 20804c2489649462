-- How this server reads the name of a time zone: whether it is a full name, and the one offset that it has as an
-- abbreviation (null where it is none), which wins over the full name.
-- grain: one row
SELECT
    EXISTS (SELECT FROM pg_timezone_names WHERE name = %(zone)s) AS is_known,
    (SELECT max(utc_offset) FROM pg_timezone_abbrevs WHERE abbrev = upper(%(zone)s)) AS abbreviated;

-- One row is one migration that the database has had.
-- grain: version
SELECT
    version,
    name,
    checksum
FROM
    tally.schema_migrations
ORDER BY version;

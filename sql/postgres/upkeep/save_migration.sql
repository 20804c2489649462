-- One row is one migration that the database has had.
-- grain: version
INSERT INTO tally.schema_migrations (version, name, checksum)
VALUES (%(version)s, %(name)s, %(checksum)s);

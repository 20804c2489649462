-- One row is one function or view that a migration run made, with what it was made of.
-- grain: name
INSERT INTO tally.schema_objects (name, kind, fingerprint)
VALUES (%(name)s, %(kind)s, %(fingerprint)s);

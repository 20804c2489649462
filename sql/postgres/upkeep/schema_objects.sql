-- One row is one function or view that a migration run made, with what it was made of.
-- grain: name
SELECT
    name,
    kind,
    fingerprint
FROM
    tally.schema_objects;

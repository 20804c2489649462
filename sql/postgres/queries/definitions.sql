-- One row is one column of a public view and its definition, for the help texts.
-- grain: object_name, column_name
-- refresh: 300 s
SELECT
    d.object_name,
    d.column_name,
    d.definition_en,
    d.definition_zh
FROM tally.data_dictionary AS d
WHERE d.object_kind = 'view' AND d.column_name IS NOT NULL

-- One row is one column of a table or view, with its definition in two languages.
-- grain: object_name x column_name
SELECT
    object_kind,
    object_name,
    column_name,
    data_type,
    definition_en,
    definition_zh,
    unit,
    additivity,
    row_grain
FROM
    tally.data_dictionary
ORDER BY object_kind DESC, object_name, position;

-- One row is one table, view or column of the schema and what it means. | 一行是模式中的一个表、视图或列及其含义。
-- grain: object_name, column_name
-- object_name: Table or view. | 表或视图。 | text; key
-- object_kind: table or view. | table 表或 view 视图。 | text; attribute
-- column_name: Column; null in the row of the object itself. | 列名；对象本身所在行为空。 | text; key
-- position: Order of the column in its object, from 1; 0 for the object itself. | 列的次序，从 1 起；对象本身为 0。 | number; attribute
-- data_type: Type as Postgres names it. | Postgres 数据类型。 | text; attribute
-- definition_en: Meaning in English. | 英文释义。 | text; attribute
-- definition_zh: Meaning in Chinese. | 中文释义。 | text; attribute
-- unit: Unit, and for times and dates the zone. | 单位；时间与日期则含时区。 | text; attribute
-- additivity: additive (may be summed over rows), not additive, key or attribute. | additive 可相加，not additive 不可相加，key 键，attribute 属性。 | text; attribute
-- row_grain: The key: what makes a row one. | 粒度：唯一确定一行的键。 | text; attribute
CREATE VIEW tally.data_dictionary AS
SELECT
    c.relname::text AS object_name,
    CASE c.relkind WHEN 'v' THEN 'view' ELSE 'table' END AS object_kind,
    a.attname::text AS column_name,
    coalesce(a.attnum, 0)::int AS position,
    format_type(a.atttypid, a.atttypmod) AS data_type,
    split_part(d.description, ' | ', 1) AS definition_en,
    split_part(d.description, ' | ', 2) AS definition_zh,
    CASE WHEN a.attnum IS NOT NULL THEN regexp_replace(split_part(d.description, ' | ', 3), '; [^;]*$', '') END AS unit,
    CASE
        WHEN a.attnum IS NOT NULL THEN substring(split_part(d.description, ' | ', 3) FROM '; ([^;]*)$')
    END AS additivity,
    CASE WHEN a.attnum IS NULL THEN substring(split_part(d.description, ' | ', 3) FROM '^grain: (.*)$') END AS row_grain
FROM pg_catalog.pg_class AS c
INNER JOIN pg_catalog.pg_description AS d
    ON d.objoid = c.oid AND d.classoid = 'pg_catalog.pg_class'::regclass
LEFT JOIN pg_catalog.pg_attribute AS a
    ON a.attrelid = c.oid AND a.attnum = d.objsubid AND d.objsubid > 0
WHERE c.relnamespace = 'tally'::regnamespace AND c.relkind IN ('r', 'p', 'v') AND NOT c.relispartition;

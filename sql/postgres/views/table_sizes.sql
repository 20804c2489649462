-- One row is one table, its partitions together. | 一行是一张表（含其全部分区）。
-- grain: table_name
-- estimated_rows: Rows, as the server estimates them. | 行数（服务器估计值）。 | rows; additive
-- size_bytes: Size on disk with indexes. | 含索引的磁盘大小。 | bytes; additive
-- bytes_per_day: Size of the partition of the last whole UTC day; null for tables without partitions. | 最近一个完整 UTC 日分区的大小；无分区的表为空。 | bytes per day; additive
-- partitions: Daily partitions with data. | 有数据的日分区数。 | partitions; additive
-- kept_days: How long its rows are kept; null: without end. | 保留天数；为空表示永久。 | days; attribute
CREATE VIEW tally.table_sizes AS
WITH parts AS (
    SELECT
        c.oid,
        c.relname,
        c.relkind,
        coalesce(t.relid, c.oid) AS part_oid
    FROM pg_catalog.pg_class AS c
    LEFT JOIN LATERAL pg_catalog.pg_partition_tree(c.oid) AS t ON c.relkind = 'p'
    WHERE c.relnamespace = 'tally'::regnamespace AND c.relkind IN ('r', 'p') AND NOT c.relispartition
)

SELECT
    p.relname::text AS table_name,
    sum(coalesce(s.n_live_tup, 0))::bigint AS estimated_rows,
    sum(pg_catalog.pg_total_relation_size(p.part_oid))::bigint AS size_bytes,
    sum(pg_catalog.pg_total_relation_size(p.part_oid)) FILTER (
        WHERE k.relname = p.relname || to_char((tally.store_now() AT TIME ZONE 'UTC')::date - 1, '_YYYYMMDD')
    )::bigint AS bytes_per_day,
    count(*) FILTER (WHERE k.relispartition AND s.n_live_tup > 0) AS partitions,
    -- nothing drops result rows yet, whatever the setting says
    NULL::int AS kept_days
FROM parts AS p
INNER JOIN pg_catalog.pg_class AS k ON k.oid = p.part_oid
LEFT JOIN pg_catalog.pg_stat_all_tables AS s ON s.relid = p.part_oid
GROUP BY p.relname, p.relkind;

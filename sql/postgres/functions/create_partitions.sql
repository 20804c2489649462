-- Makes the missing daily (UTC) partitions of every partitioned table from one date to another, both included,
--   moves rows that wait in the default partition into them, and returns how many partitions it made.
--   | 为每个分区表补建两个日期之间（含首尾，UTC）缺少的日分区，把默认分区中的相应行移入，并返回新建分区数。
-- grain: one call
CREATE OR REPLACE FUNCTION tally.create_partitions(from_date date, to_date date) RETURNS int
LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, pg_temp SET timezone = 'UTC' AS $$
DECLARE
    parent record;
    day date;
    partition_name text;
    made int := 0;
BEGIN
    -- not beside close_windows: each would wait for the other's locks
    PERFORM tally.take_turn();
    IF to_date < from_date OR to_date - from_date > 3660 THEN
        RAISE EXCEPTION 'create_partitions: % to % is not a range of 1 to 3661 days; give the earlier date first',
            from_date, to_date;
    END IF;
    FOR parent IN
        SELECT c.relname, c.oid, a.attname AS key_column
        FROM pg_partitioned_table AS p
        INNER JOIN pg_class AS c ON c.oid = p.partrelid
        INNER JOIN pg_attribute AS a ON a.attrelid = c.oid AND a.attnum = p.partattrs[0]
        WHERE c.relnamespace = 'tally'::regnamespace
        ORDER BY c.relname
    LOOP
        FOR day IN SELECT d::date FROM generate_series(from_date, to_date, interval '1 day') AS d
        LOOP
            partition_name := parent.relname || to_char(day, '_YYYYMMDD');
            CONTINUE WHEN to_regclass(format('tally.%I', partition_name)) IS NOT NULL;
            -- a writer must not put a row of this day into the default partition between the move and the attach
            EXECUTE format('LOCK TABLE tally.%I IN ACCESS EXCLUSIVE MODE', parent.relname || '_default');
            EXECUTE format(
                'CREATE TABLE tally.%I (LIKE tally.%I INCLUDING DEFAULTS INCLUDING CONSTRAINTS INCLUDING INDEXES) '
                'WITH (fillfactor = 70, autovacuum_vacuum_scale_factor = 0.05, '
                'autovacuum_vacuum_insert_scale_factor = 0.05)', partition_name, parent.relname);
            EXECUTE format(
                'INSERT INTO tally.%I SELECT * FROM tally.%I WHERE %I >= %L AND %I < %L',
                partition_name, parent.relname || '_default', parent.key_column, day, parent.key_column, day + 1);
            EXECUTE format(
                'ALTER TABLE tally.%I DISABLE TRIGGER USER', parent.relname || '_default');
            EXECUTE format(
                'DELETE FROM tally.%I WHERE %I >= %L AND %I < %L',
                parent.relname || '_default', parent.key_column, day, parent.key_column, day + 1);
            EXECUTE format(
                'ALTER TABLE tally.%I ENABLE TRIGGER USER', parent.relname || '_default');
            EXECUTE format(
                'ALTER TABLE tally.%I ATTACH PARTITION tally.%I FOR VALUES FROM (%L) TO (%L)',
                parent.relname, partition_name, day, day + 1);
            made := made + 1;
        END LOOP;
    END LOOP;
    RETURN made;
END
$$;

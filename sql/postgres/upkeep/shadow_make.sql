-- Makes an empty shadow table beside each table that the job fills: the same columns and key, no partitions, no triggers.
-- grain: none
DO $$
DECLARE
    result_table text;
BEGIN
    CREATE SCHEMA tally_shadow;
    FOREACH result_table IN ARRAY ARRAY[
        'sales_10s', 'stock_flow_1m', 'day_buyers', 'orders_1s', 'order_ticker', 'rejected_records', 'event_counts_1h'
    ]
    LOOP
        EXECUTE format('CREATE TABLE tally_shadow.%1$I (LIKE tally.%1$I)', result_table);
        EXECUTE (
            SELECT format('ALTER TABLE tally_shadow.%I ADD %s', result_table, pg_get_constraintdef(oid))
            FROM pg_constraint
            WHERE conrelid = format('tally.%I', result_table)::regclass AND contype = 'p'
        );
    END LOOP;
    -- a database of the user's may have no roles of ours: the job then writes as the owner
    IF EXISTS (SELECT FROM pg_roles WHERE rolname = 'tally_writer') THEN
        GRANT USAGE ON SCHEMA tally_shadow TO tally_writer;
        GRANT SELECT, INSERT, UPDATE ON ALL TABLES IN SCHEMA tally_shadow TO tally_writer;
    END IF;
END
$$;

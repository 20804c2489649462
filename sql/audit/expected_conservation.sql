-- One row is where the records of the log have to be: counted, duplicates and rejected add up to all; DuckDB.
-- grain: key (law)
CREATE OR REPLACE TABLE expected_conservation AS
SELECT { 'law': 'records = counted + duplicates + rejected' } AS key,
       {
           'records': count(*),
           'counted': count(*) FILTER (WHERE is_counted),
           'duplicates': count(*) FILTER (WHERE NOT is_counted AND NOT part.is_rejected),
           'rejected': count(*) FILTER (WHERE part.is_rejected),
           'counted_in_stock_flow': count(*) FILTER (WHERE is_counted),
           'rows_in_rejected_records': count(*) FILTER (WHERE part.is_rejected)
       } AS measures
FROM lines_conservation

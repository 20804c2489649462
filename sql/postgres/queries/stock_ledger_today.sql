-- One row, the only one, is the store's today of one warehouse (null: all), from opening stock to what is available
--   now.
-- grain: one row
-- refresh: 10 s
SELECT
    l.opening,
    l.restocked,
    l.refunded,
    l.adjusted,
    l.sold,
    l.available,
    l.committed,
    l.on_hand
FROM tally.stock_ledger_today AS l
WHERE l.warehouse_id IS NOT DISTINCT FROM %(warehouse)s

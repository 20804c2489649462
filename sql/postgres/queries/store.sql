-- One row, the only one, is the store: the currency of its amounts and the zone of its days.
-- grain: one row
-- refresh: 10 s
SELECT
    c.currency,
    c.store_zone
FROM tally.store_clock AS c

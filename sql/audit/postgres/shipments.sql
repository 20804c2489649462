-- One row, the only one, tells whether shipments are recorded, so that sold and shipped stock are told apart; Postgres.
-- grain: one row
SELECT shipments
FROM tally.store_settings

-- The one row of the deployment's settings that views and dashboard read.
-- grain: one row
UPDATE tally.store_settings
SET
    currency = %(currency)s,
    minor_digits = %(minor_digits)s,
    store_zone = %(store_zone)s,
    target_amount = %(target_amount)s,
    milestones = %(milestones)s::bigint [],
    shipments = %(shipments)s,
    stale_seconds = %(stale_seconds)s,
    retention_days = %(retention_days)s;

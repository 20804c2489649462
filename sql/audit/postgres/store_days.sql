-- One row is one quarter of an hour (UTC, counted since 1970) and the store day it lies in; Postgres.
-- grain: quarter_hour
-- Postgres's time zone database decides, as it does in the views: others differ for single zones.
SELECT asked.quarter_hour,
       (to_timestamp(asked.quarter_hour * 900) AT TIME ZONE s.store_zone)::date AS store_day
FROM unnest(%(quarter_hours)s::bigint[]) AS asked (quarter_hour)
CROSS JOIN tally.store_settings AS s

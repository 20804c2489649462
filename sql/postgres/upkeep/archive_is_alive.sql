-- One row when the archive has written a lag sample after a moment and within the last 30 seconds.
-- grain: none
SELECT
    1 AS is_alive
FROM
    tally.lag_samples
WHERE
    sampled_at > now() - INTERVAL '30 seconds'
    AND sampled_at >= %(since)s
LIMIT 1;

-- Forgets measurements of the lag that no page shows any more.
-- grain: none
DELETE FROM tally.lag_samples
WHERE
    sampled_at < now() - INTERVAL '8 days';

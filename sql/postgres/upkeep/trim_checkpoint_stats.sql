-- Forgets checkpoints that no page shows any more.
-- grain: none
DELETE FROM tally.checkpoint_stats
WHERE
    triggered_at < now() - INTERVAL '8 days';

-- One row when a checkpoint that was triggered after a moment has completed.
-- grain: none
SELECT
    1 AS is_complete
FROM
    tally.checkpoint_stats
WHERE
    triggered_at > %(moment)s
    AND completed_at IS NOT NULL
LIMIT 1;

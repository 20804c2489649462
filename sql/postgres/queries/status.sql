-- One row, the only one, is the state of the data as a whole: how far it goes, the lag, the job, the history's
--   share. data_to is the newest event of the sales, or the minute of a newer movement of stock. records_today is what
--   was appended since the store's midnight; history_share is null once nothing is left to load.
-- grain: one row
-- refresh: 2 s
SELECT
    c.now_at,
    greatest(f.sales_at, f.stock_minute_end - interval '1 minute') AS data_to,
    l.lag_seconds,
    r.events_per_second,
    l.sample_age_seconds,
    j.state AS job_state,
    j.is_alive AS job_is_alive,
    j.heartbeat_age_seconds,
    coalesce(e.records, 0) AS records_today,
    coalesce(f.sales_at >= c.day_start, false)
    OR coalesce(f.stock_minute_end > c.day_start, false) AS has_events_today,
    CASE
        WHEN h.history_published_events < h.history_events
            THEN h.history_published_events::numeric / h.history_events
    END AS history_share
FROM tally.store_clock AS c
CROSS JOIN tally.history_covered AS h
CROSS JOIN (
    SELECT
        max(n.newest_at) FILTER (WHERE n.table_name = 'sales_10s') AS sales_at,
        max(n.newest_at) FILTER (WHERE n.table_name = 'stock_flow_1m') AS stock_minute_end
    FROM tally.freshness AS n
    WHERE n.table_name IN ('sales_10s', 'stock_flow_1m')
) AS f
LEFT JOIN tally.lag_now AS l ON true
LEFT JOIN (
    -- the mean of the running minute and the one before: a single second of a quiet shop says little
    SELECT sum(m.events_per_second * m.samples) / sum(m.samples) AS events_per_second
    FROM tally.lag_by_minute AS m
    WHERE m.minute_start >= (SELECT date_trunc('minute', k.now_at) - interval '1 minute' FROM tally.store_clock AS k)
) AS r ON true
LEFT JOIN tally.job_status AS j ON true
LEFT JOIN tally.event_counts_by_day AS e ON e.store_day = c.store_day

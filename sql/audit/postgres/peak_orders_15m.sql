-- One row is the first of the busiest seconds of a quarter of an hour, as closed, late and open ones say; Postgres.
-- grain: window_start
-- The peak of today and of the days beside it is the greatest of these.
COPY (
    SELECT DISTINCT ON (q.window_start)
           q.window_start AT TIME ZONE 'UTC' AS window_start,
           q.orders::bigint AS orders,
           q.second AT TIME ZONE 'UTC' AS second
    FROM (
        SELECT c.window_start,
               c.orders,
               c.second
        FROM tally.orders_closed_15m AS c
        WHERE c.window_start < (SELECT k.orders_closed_until FROM tally.closing AS k)
        UNION ALL
        SELECT date_bin('15 minutes', o.second, '2000-01-01 00:00+00'),
               sum(o.orders),
               o.second
        FROM tally.orders_1s AS o
        WHERE o.second >= (SELECT k.orders_closed_until FROM tally.closing AS k)
           OR o.second IN (SELECT l.second FROM tally.orders_late AS l)
        GROUP BY o.second
    ) AS q
    ORDER BY q.window_start, q.orders DESC, q.second
) TO STDOUT (FORMAT csv, HEADER)

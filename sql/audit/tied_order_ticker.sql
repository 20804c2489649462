-- One row is one second in which several different first lines carry the greatest order_id: any may be shown; DuckDB.
-- grain: key (second, log_date)
INSERT INTO undecided_keys
SELECT l.key
FROM lines_order_ticker AS l
INNER JOIN expected_order_ticker AS e
    ON e.key = l.key
    AND e.measures.order_id = l.part.order_id
WHERE l.is_counted
GROUP BY l.key
HAVING count(DISTINCT l.part) > 1

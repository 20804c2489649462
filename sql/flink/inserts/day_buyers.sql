-- One row is one customer who bought in one store day, known by a keyed hash only.
-- grain: store_day, buyer, log_date
-- Keys are made before GROUP BY: a key made after it is no key to the planner, and each update would delete first.
INSERT INTO day_buyers
SELECT
    TIMESTAMPADD(DAY, store_day, DATE '1970-01-01') AS store_day,
    buyer,
    CAST(append_time AS DATE) AS log_date,
    CAST(TO_TIMESTAMP_LTZ(MIN(event_time), 3) AS TIMESTAMP(3)) AS first_purchase_at,
    COUNT(*) AS event_count
FROM unique_events
WHERE buyer IS NOT NULL
GROUP BY TIMESTAMPADD(DAY, store_day, DATE '1970-01-01'), buyer, CAST(append_time AS DATE)

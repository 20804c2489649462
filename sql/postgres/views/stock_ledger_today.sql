-- One row is the store's today of one warehouse (warehouse_id is null: all warehouses): how its opening stock became what
--   it is now: available = opening + restocked + refunded ± adjusted − sold.
--   | 一行是一个仓库（warehouse_id 为空表示全部仓库）的今日库存账：可售 = 期初 + 入库 + 退货入库 ± 调整 − 售出。
-- grain: warehouse_id
-- warehouse_id: Warehouse; null for all together. | 仓库；为空表示全部仓库合计。 | text; key
-- committed: Sold − shipped since the log began where shipments are recorded, else 0. | 待发（记录发货时，否则为 0）。 | units; additive
CREATE VIEW tally.stock_ledger_today AS
WITH today AS (
    SELECT
        t.warehouse_id,
        sum(t.restocked)::bigint AS restocked,
        sum(t.refunded)::bigint AS refunded,
        sum(t.adjusted)::bigint AS adjusted,
        sum(t.sold)::bigint AS sold,
        sum(t.shipped)::bigint AS shipped,
        sum(t.unmet)::bigint AS unmet
    FROM tally.stock_today_parts AS t
    GROUP BY ROLLUP (t.warehouse_id)
),

balance AS (
    SELECT p.warehouse_id, sum(p.available)::bigint AS available, sum(p.committed)::bigint AS committed
    FROM tally.stock_positions AS p
    GROUP BY ROLLUP (p.warehouse_id)
)

SELECT
    b.warehouse_id,
    coalesce(b.available, 0) - coalesce(t.restocked + t.refunded + t.adjusted - t.sold, 0) AS opening,
    coalesce(t.restocked, 0) AS restocked,
    coalesce(t.refunded, 0) AS refunded,
    coalesce(t.adjusted, 0) AS adjusted,
    coalesce(t.sold, 0) AS sold,
    coalesce(b.available, 0) AS available,
    coalesce(t.shipped, 0) AS shipped,
    coalesce(t.unmet, 0) AS unmet,
    CASE WHEN x.shipments THEN coalesce(b.committed, 0) ELSE 0 END AS committed,
    coalesce(b.available, 0) + CASE WHEN x.shipments THEN coalesce(b.committed, 0) ELSE 0 END AS on_hand
FROM balance AS b
LEFT JOIN today AS t ON coalesce(t.warehouse_id, '') = coalesce(b.warehouse_id, '')
CROSS JOIN tally.store_settings AS x;

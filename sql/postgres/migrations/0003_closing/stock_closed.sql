-- One row is the closed movements of one SKU in one warehouse: since the log began, in the 24 hours before
--   closing.closed_until, and since closing.day_start.
--   | 一行是一个 SKU 在一个仓库的已结算变动：自日志开始、结算前 24 小时内、当日零点起。
-- grain: sku, warehouse_id
-- sold_24h: Units sold in the 24 hours before closing.closed_until.
--   | 结算时间前 24 小时售出件数。
--   | units; additive
-- sold_24h_before: Units sold in the 24 hours before those.
--   | 再往前 24 小时售出件数。
--   | units; additive
-- change_24h: Change of available stock in the 24 hours before closing.closed_until.
--   | 结算时间前 24 小时内可售库存的变化。
--   | units; additive
-- committed_change_24h: Units sold less units shipped in the same 24 hours.
--   | 同一 24 小时内售出减发货件数。
--   | units; additive
-- sold_today: Units sold from closing.day_start to closing.closed_until.
--   | 当日零点至结算时间售出件数。
--   | units; additive
-- refunded_today: Units refunded to stock in the same time.
--   | 同期退款入库件数。
--   | units; additive
-- restocked_today: Units received in the same time.
--   | 同期入库件数。
--   | units; additive
-- adjusted_today: Corrections in the same time, signed.
--   | 同期库存调整（带符号）。
--   | units; additive
-- shipped_today: Units shipped in the same time.
--   | 同期发货件数。
--   | units; additive
-- unmet_today: Lost sales in the same time.
--   | 同期未满足需求件数。
--   | units; additive
-- gross_today: Gross sales in the same time.
--   | 同期 GMV。
--   | minor units; additive
-- discount_today: Discounts in the same time.
--   | 同期折扣。
--   | minor units; additive
-- refund_today: Refunds in the same time.
--   | 同期退款。
--   | minor units; additive
CREATE TABLE tally.stock_closed (
    sku text NOT NULL,
    warehouse_id text NOT NULL,
    sold numeric NOT NULL DEFAULT 0,
    refunded numeric NOT NULL DEFAULT 0,
    restocked numeric NOT NULL DEFAULT 0,
    adjusted numeric NOT NULL DEFAULT 0,
    shipped numeric NOT NULL DEFAULT 0,
    unmet numeric NOT NULL DEFAULT 0,
    sold_24h numeric NOT NULL DEFAULT 0,
    sold_24h_before numeric NOT NULL DEFAULT 0,
    change_24h numeric NOT NULL DEFAULT 0,
    committed_change_24h numeric NOT NULL DEFAULT 0,
    sold_today numeric NOT NULL DEFAULT 0,
    refunded_today numeric NOT NULL DEFAULT 0,
    restocked_today numeric NOT NULL DEFAULT 0,
    adjusted_today numeric NOT NULL DEFAULT 0,
    shipped_today numeric NOT NULL DEFAULT 0,
    unmet_today numeric NOT NULL DEFAULT 0,
    gross_today numeric NOT NULL DEFAULT 0,
    discount_today numeric NOT NULL DEFAULT 0,
    refund_today numeric NOT NULL DEFAULT 0,
    PRIMARY KEY (sku, warehouse_id)
) WITH (fillfactor = 70);

-- One row, the only one, says up to which time windows are closed: their sums are also kept in the *_closed tables,
--   so that views need not read every window of the past. Changes to a closed window go to the *_late tables at once,
--   so a view that adds closed sums, late changes and open windows is always exact.
--   | 唯一的一行：记录窗口已“结算”到何时。已结算窗口的合计另存于 *_closed 表，之后的变化即时写入 *_late 表，
--   因此“结算合计 + 迟到变化 + 未结算窗口”始终精确。
-- grain: one row
-- closed_until: Windows that start before this are closed.
--   | 起点早于此时的窗口已结算。
--   | time, UTC instant; attribute
-- orders_closed_until: The same for orders_closed_15m.
--   | orders_closed_15m 的结算时间。
--   | time, UTC instant; attribute
-- day_start: Start of the store day that holds closed_until; the columns *_today of stock_closed count from it.
--   | closed_until 所在门店日的起点；stock_closed 中 *_today 各列由此起算。
--   | time, UTC instant; attribute
CREATE TABLE tally.closing (
    only_row boolean PRIMARY KEY DEFAULT true CHECK (only_row),
    closed_until timestamptz NOT NULL DEFAULT '-infinity',
    orders_closed_until timestamptz NOT NULL DEFAULT '-infinity',
    day_start timestamptz NOT NULL DEFAULT '-infinity'
);

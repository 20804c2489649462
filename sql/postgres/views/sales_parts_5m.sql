-- One row is a part of a channel's sales: closed 5-minute windows, late changes to them, or open 10-second windows.
--   Rows are parts: sum them by any window of whole 5 minutes.
--   | 一行是某渠道销售的一部分：已结算的 5 分钟窗口、其迟到变化，或未结算的 10 秒窗口；按整 5 分钟的任意窗口求和使用。
-- grain: none, rows are parts
CREATE VIEW tally.sales_parts_5m AS
SELECT
    c.window_start, c.channel, c.gross_amount, c.discount_amount, c.refund_amount, c.orders, c.lines, c.units,
    c.refunded_units
FROM tally.sales_closed_5m AS c
UNION ALL
SELECT
    date_bin('5 minutes', l.window_start, '2000-01-01 00:00+00'), l.channel, l.gross_amount, l.discount_amount,
    l.refund_amount, l.orders, l.lines, l.units, l.refunded_units
FROM tally.sales_late AS l
UNION ALL
SELECT
    s.window_start, s.channel, s.gross_amount, s.discount_amount, s.refund_amount, s.orders, s.lines, s.units,
    s.refunded_units
FROM tally.sales_10s AS s
WHERE s.window_start >= (SELECT k.closed_until FROM tally.closing AS k);

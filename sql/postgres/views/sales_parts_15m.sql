-- One row is a part of the sales of a channel and region: closed 15-minute windows, late changes to them, or open
--   10-second windows. Rows are parts: sum them by any window of whole 15 minutes (a day of any time zone is one).
--   | 一行是某渠道与地区销售的一部分：已结算的 15 分钟窗口、其迟到变化，或未结算的 10 秒窗口；按整 15 分钟的任意窗口求和使用。
-- grain: none, rows are parts
CREATE VIEW tally.sales_parts_15m AS
SELECT
    c.window_start, c.channel, c.region, c.gross_amount, c.discount_amount, c.refund_amount, c.orders, c.lines, c.units,
    c.refunded_units
FROM tally.sales_closed_15m AS c
UNION ALL
SELECT
    date_bin('15 minutes', l.window_start, '2000-01-01 00:00+00'), l.channel, l.region, l.gross_amount,
    l.discount_amount, l.refund_amount, l.orders, l.lines, l.units, l.refunded_units
FROM tally.sales_late AS l
UNION ALL
SELECT
    s.window_start, s.channel, s.region, s.gross_amount, s.discount_amount, s.refund_amount, s.orders, s.lines, s.units,
    s.refunded_units
FROM tally.sales_10s AS s
WHERE s.window_start >= (SELECT k.closed_until FROM tally.closing AS k);

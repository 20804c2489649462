-- Adds the late changes and the windows between two times to the closed sums of sales.
--   | 将迟到变化与两个时间之间的窗口并入销售结算合计。
-- grain: one call
CREATE OR REPLACE FUNCTION tally.close_sales(from_time timestamptz, to_time timestamptz) RETURNS void
LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
BEGIN
    CREATE TEMPORARY TABLE sales_closing ON COMMIT DROP AS
    SELECT
        date_bin('5 minutes', p.window_start, '2000-01-01 00:00+00') AS window_start, p.channel, p.region,
        sum(p.gross_amount) AS gross_amount, sum(p.discount_amount) AS discount_amount,
        sum(p.refund_amount) AS refund_amount, sum(p.orders) AS orders, sum(p.lines) AS lines, sum(p.units) AS units,
        sum(p.refunded_units) AS refunded_units
    FROM (
        SELECT
            s.window_start, s.channel, s.region, s.gross_amount, s.discount_amount, s.refund_amount, s.orders, s.lines,
            s.units, s.refunded_units
        FROM tally.sales_10s AS s
        WHERE s.window_start >= from_time AND s.window_start < to_time
        UNION ALL
        SELECT
            l.window_start, l.channel, l.region, l.gross_amount, l.discount_amount, l.refund_amount, l.orders, l.lines,
            l.units, l.refunded_units
        FROM tally.sales_late AS l
    ) AS p
    GROUP BY date_bin('5 minutes', p.window_start, '2000-01-01 00:00+00'), p.channel, p.region;
    INSERT INTO tally.sales_closed_5m AS c
    SELECT
        n.window_start, n.channel, sum(n.gross_amount), sum(n.discount_amount), sum(n.refund_amount), sum(n.orders),
        sum(n.lines), sum(n.units), sum(n.refunded_units)
    FROM pg_temp.sales_closing AS n
    GROUP BY n.window_start, n.channel
    ON CONFLICT (window_start, channel) DO UPDATE SET
        gross_amount = c.gross_amount + excluded.gross_amount,
        discount_amount = c.discount_amount + excluded.discount_amount,
        refund_amount = c.refund_amount + excluded.refund_amount,
        orders = c.orders + excluded.orders,
        lines = c.lines + excluded.lines,
        units = c.units + excluded.units,
        refunded_units = c.refunded_units + excluded.refunded_units;
    INSERT INTO tally.sales_closed_15m AS c
    SELECT
        date_bin('15 minutes', n.window_start, '2000-01-01 00:00+00'), n.channel, n.region, sum(n.gross_amount),
        sum(n.discount_amount), sum(n.refund_amount), sum(n.orders), sum(n.lines), sum(n.units), sum(n.refunded_units)
    FROM pg_temp.sales_closing AS n
    GROUP BY date_bin('15 minutes', n.window_start, '2000-01-01 00:00+00'), n.channel, n.region
    ON CONFLICT (window_start, channel, region) DO UPDATE SET
        gross_amount = c.gross_amount + excluded.gross_amount,
        discount_amount = c.discount_amount + excluded.discount_amount,
        refund_amount = c.refund_amount + excluded.refund_amount,
        orders = c.orders + excluded.orders,
        lines = c.lines + excluded.lines,
        units = c.units + excluded.units,
        refunded_units = c.refunded_units + excluded.refunded_units;
    DELETE FROM tally.sales_late;
    DROP TABLE pg_temp.sales_closing;
END
$$;

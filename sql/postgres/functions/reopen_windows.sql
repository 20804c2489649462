-- Forgets every closed sum, so that the views count from the windows alone. | 清除全部结算合计，视图改为直接由窗口计算。
-- grain: one statement
CREATE OR REPLACE FUNCTION tally.reopen_windows() RETURNS trigger
LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
BEGIN
    DELETE FROM tally.sales_closed_5m;
    DELETE FROM tally.sales_closed_15m;
    DELETE FROM tally.sales_late;
    DELETE FROM tally.orders_closed_15m;
    DELETE FROM tally.orders_late;
    DELETE FROM tally.stock_closed;
    DELETE FROM tally.stock_late;
    UPDATE tally.closing
    SET closed_until = '-infinity', orders_closed_until = '-infinity', day_start = '-infinity';
    RETURN NULL;
END
$$;

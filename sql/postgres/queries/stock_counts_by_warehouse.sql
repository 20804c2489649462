-- One row, the only one, is stock_counts of one warehouse; what it was 24 hours ago is not known by warehouse and is
--   null.
-- grain: one row
-- refresh: 10 s
SELECT
    count(*) AS stock_rows,
    count(*) FILTER (WHERE s.state = 'oversold') AS oversold,
    count(*) FILTER (WHERE s.state = 'out_of_stock') AS out_of_stock,
    count(*) FILTER (WHERE s.state = 'cover_below_lead') AS cover_below_lead,
    count(*) FILTER (WHERE s.state = 'below_safety') AS below_safety,
    sum(s.stock_value_amount) AS stock_value_amount,
    null::bigint AS oversold_yesterday,
    null::bigint AS out_of_stock_yesterday,
    null::bigint AS cover_below_lead_yesterday,
    null::bigint AS below_safety_yesterday,
    null::numeric AS stock_value_amount_yesterday
FROM tally.stock_on_hand AS s
WHERE s.warehouse_id = %(warehouse)s

-- One row, the only one, counts SKU × warehouse by state, now and 24 hours ago, with the stock's value at cost.
-- grain: one row
-- refresh: 5 s
SELECT
    (SELECT coalesce(sum(c.skus), 0)::bigint FROM tally.stock_cover AS c) AS stock_rows,
    i.oversold,
    i.out_of_stock,
    i.cover_below_lead,
    i.below_safety,
    i.stock_value_amount,
    i.oversold_yesterday,
    i.out_of_stock_yesterday,
    i.cover_below_lead_yesterday,
    i.below_safety_yesterday,
    i.stock_value_amount_yesterday
FROM tally.inventory_counts AS i

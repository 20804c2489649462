-- One row is one row of the public view product_sales_by_day, money in minor units; Postgres.
-- grain: store_day, sku
COPY (
    SELECT store_day,
           sku,
           gross_amount::bigint AS gross_amount,
           discount_amount::bigint AS discount_amount,
           refund_amount::bigint AS refund_amount,
           net_amount::bigint AS net_amount,
           lines,
           units,
           refunded_units
    FROM tally.product_sales_by_day
) TO STDOUT (FORMAT csv, HEADER)

-- One row is the sales of five minutes in one channel as the public view's parts add up, closed sums included; Postgres.
-- grain: window_start, channel
-- Today, the curve, the channels and the milestones are sums of these parts.
COPY (
    SELECT date_bin('5 minutes', p.window_start, '2000-01-01 00:00+00') AT TIME ZONE 'UTC' AS window_start,
           p.channel,
           sum(p.gross_amount)::bigint AS gross_amount,
           sum(p.discount_amount)::bigint AS discount_amount,
           sum(p.refund_amount)::bigint AS refund_amount,
           sum(p.orders)::bigint AS orders,
           sum(p.lines)::bigint AS lines,
           sum(p.units)::bigint AS units,
           sum(p.refunded_units)::bigint AS refunded_units
    FROM tally.sales_parts_5m AS p
    GROUP BY date_bin('5 minutes', p.window_start, '2000-01-01 00:00+00'), p.channel
) TO STDOUT (FORMAT csv, HEADER)

"""Twelve records of a log and, worked out by hand, every result row they make.

Store zone Asia/Shanghai. It all happened on 2024-05-06 at 07:08 UTC, long before it is appended, so all are late.
Partition 0: e1 and e2 are the lines of order o1, e1 again, e3 refunds one unit to stock, then a broken line.
Partition 1: a restock, a shrinkage, order o2 in the same second as o1, a null value, a refund of money only, a
shipment, and demand that could not be served.
"""

import hashlib
import hmac
import json
from datetime import UTC, datetime

SOLD = datetime(2024, 5, 6, 7, 8, 9, 250_000, tzinfo=UTC)
SOLD_MS = 1_714_979_289_250
BUYER = hmac.new(bytes(range(32)), b"c1", hashlib.sha256).hexdigest()[:32]
APP = {"channel": "app", "region": "Beijing"}


def event(event_id, event_type, after_ms, sku, warehouse_id, quantity, **more):
    """Write one event's line."""
    record = {"event_id": event_id, "event_type": event_type, "event_time": SOLD_MS + after_ms, "sku": sku}
    return json.dumps(
        {**record, "warehouse_id": warehouse_id, "quantity": quantity, "currency": "CNY", **more}
    ).encode()


def line(order_id, line_no, unit_amount, discount_amount=0, **more):
    """Return the fields of an order line."""
    return {
        "order_id": order_id, "line_no": line_no, "unit_amount": unit_amount, "discount_amount": discount_amount, **more
    }  # fmt: skip


E1 = event("e1", "sale", 0, "A", "W1", 2, **line("o1", 1, 500, 100, customer_id="c1", **APP))
PARTITION_0 = [
    E1,
    event("e2", "sale", 1000, "B", "W1", 1, **line("o1", 2, 300, customer_id="c1", **APP)),
    E1,
    event("e3", "refund", 20_000, "A", "W1", 1, **line("o1", 1, 500, 50, **APP)),
    b'{"event_id":',
]
PARTITION_1 = [
    event("e4", "restock", -60_000, "A", "W1", 10),
    event("e5", "adjustment", -60_000, "B", "W1", -3),
    event("e6", "sale", 500, "A", "W2", 3, **line("o2", 1, 200, channel="web", region="Beijing")),
    None,
    event("e7", "refund", 20_000, "A", "W1", 1, to_stock=False, **line("o1", 1, 500, **APP)),
    event("e8", "shipment", 0, "A", "W1", 2),
    event("e9", "unmet", 0, "C", "W1", 5),
]
RECORDS = [{"value": value, "partition": 0} for value in PARTITION_0]
RECORDS += [{"value": value, "partition": 1} for value in PARTITION_1]

# {table: the statement of its rows as they have to be}; %(log_date)s and %(log_hour)s are those of the append
ROWS = {
    "sales_10s": """
        INSERT INTO tally.sales_10s VALUES
        ('2024-05-06 07:08:00', 'app', 'Beijing', %(log_date)s, 1000, 100, 0, 1, 1, 2, 0, 1, '2024-05-06 07:08:09.250'),
        ('2024-05-06 07:08:00', 'web', 'Beijing', %(log_date)s, 600, 0, 0, 1, 1, 3, 0, 1, '2024-05-06 07:08:09.750'),
        ('2024-05-06 07:08:10', 'app', 'Beijing', %(log_date)s, 300, 0, 0, 0, 1, 1, 0, 1, '2024-05-06 07:08:10.250'),
        ('2024-05-06 07:08:20', 'app', 'Beijing', %(log_date)s, 0, 0, 950, 0, 0, 0, 2, 2, '2024-05-06 07:08:29.250')""",
    "stock_flow_1m": """
        INSERT INTO tally.stock_flow_1m VALUES
        ('2024-05-06 07:07', 'A', 'W1', %(log_date)s, 0, 0, 10, 0, 0, 0, 0, 0, 0, 0, 0, 1),
        ('2024-05-06 07:07', 'B', 'W1', %(log_date)s, 0, 0, 0, -3, 0, 0, 0, 0, 0, 0, 0, 1),
        ('2024-05-06 07:08', 'A', 'W1', %(log_date)s, 2, 1, 0, 0, 2, 0, 1000, 100, 950, 1, 2, 4),
        ('2024-05-06 07:08', 'B', 'W1', %(log_date)s, 1, 0, 0, 0, 0, 0, 300, 0, 0, 1, 0, 1),
        ('2024-05-06 07:08', 'A', 'W2', %(log_date)s, 3, 0, 0, 0, 0, 0, 600, 0, 0, 1, 0, 1),
        ('2024-05-06 07:08', 'C', 'W1', %(log_date)s, 0, 0, 0, 0, 0, 5, 0, 0, 0, 0, 0, 1)""",
    "day_buyers": """
        INSERT INTO tally.day_buyers VALUES
        ('2024-05-06', %(buyer)s, %(log_date)s, '2024-05-06 07:08:09.250', 2)""",
    "orders_1s": "INSERT INTO tally.orders_1s VALUES ('2024-05-06 07:08:09', %(log_date)s, 2, 2)",
    "order_ticker": """
        INSERT INTO tally.order_ticker VALUES
        ('2024-05-06 07:08:09', %(log_date)s, '2024-05-06 07:08:09.750', 'o2', 'A', 3, 'web', 'Beijing', 600, 2)""",
    "rejected_records": """
        INSERT INTO tally.rejected_records VALUES
        (0, 4, %(append_0_4)s, 'json', '{"event_id":', NULL, NULL, %(topic)s),
        (1, 3, %(append_1_3)s, 'null', NULL, NULL, NULL, %(topic)s)""",
    "event_counts_1h": """
        INSERT INTO tally.event_counts_1h VALUES
        (%(log_hour)s, 0, 5, 3, 1, 3, 4, %(append_0_4)s, 8),
        (%(log_hour)s, 1, 7, 6, 1, 6, 6, %(append_1_6)s, 13)""",
    "log_counts_1h": "INSERT INTO tally.log_counts_1h VALUES (%(log_hour)s, 0, 5, 4), (%(log_hour)s, 1, 7, 6)",
}
# tables and views of the audit, with the rows that the scenario makes in each
COMPARED = {
    "sales_10s": 4, "sales_by_day": 2, "sales_parts_5m": 2, "product_sales_by_day": 2, "stock_flow_1m": 6,
    "stock_on_hand": 4, "day_buyers": 1, "orders_1s": 1, "peak_orders_15m": 1, "order_ticker": 1,
    "rejected_records": 2, "event_counts_1h": 2, "log_counts_1h": 2, "conservation": 1,
}  # fmt: skip


def fill(cursor, topic: str, log: list[tuple]) -> None:
    """Write every result row as it has to be; `log` are the records as (partition, offset, append time ms, …)."""
    appended = {(partition, offset): datetime.fromtimestamp(ms / 1000, UTC) for partition, offset, ms, *_ in log}
    newest = max(appended.values())
    values = {f"append_{partition}_{offset}": moment for (partition, offset), moment in appended.items()}
    values |= {"topic": topic, "buyer": BUYER, "log_date": newest.date()}
    values["log_hour"] = newest.replace(minute=0, second=0, microsecond=0)
    for statement in ROWS.values():
        cursor.execute(statement, values)


def in_one_hour(log: list[tuple]) -> bool:
    """Tell whether all records were appended in one hour, as the rows above suppose."""
    return len({ms // 3_600_000 for _, _, ms, *_ in log}) == 1

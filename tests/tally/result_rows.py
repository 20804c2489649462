"""Rows of the result tables, put where a test wants them."""

from datetime import UTC, date, datetime, timedelta

from psycopg2 import sql

NOON = datetime(2026, 11, 22, 12, tzinfo=UTC)
DAY = date(2026, 11, 22)
TABLES = (
    *("sales_10s", "stock_flow_1m", "day_buyers", "orders_1s", "order_ticker", "rejected_records"),
    "event_counts_1h",
)
MEASURES = ("gross_amount", "discount_amount", "refund_amount", "orders", "lines", "units", "refunded_units")


def sales(channel: str, gross: int, count: int = 1, hours: int = 0) -> dict:
    """Return a row of sales_10s."""
    key = {"window_start": NOON + timedelta(hours=hours), "channel": channel, "region": "CN-BJ", "log_date": DAY}
    measures = dict.fromkeys(MEASURES, 1) | {"gross_amount": gross}
    return {**key, **measures, "event_count": count, "newest_event_time": NOON}


def insert(cursor, schema: str, table: str, *rows: dict) -> None:
    for row in rows:
        statement = sql.SQL("INSERT INTO {} ({}) VALUES ({})").format(
            sql.Identifier(schema, table),
            sql.SQL(", ").join(map(sql.Identifier, row)),
            sql.SQL(", ").join([sql.Placeholder()] * len(row)),
        )
        cursor.execute(statement, list(row.values()))

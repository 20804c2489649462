"""Writes into the tables what the job would for single events, so that a test can speak of events."""

from collections.abc import Iterable
from datetime import UTC, date, datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

from psycopg2 import sql

ADDED = "excluded"


def floor_time(at: datetime, seconds: int) -> datetime:
    """Return the start of the window of so many seconds that holds a time."""
    since = int(at.timestamp())
    return datetime.fromtimestamp(since - since % seconds, UTC)


class Shop:
    """A shop's events, written as aggregates."""

    def __init__(self, cursor):
        self.cursor = cursor
        self.zone = ZoneInfo("Asia/Shanghai")
        self.number = 0

    def settings(self, **values: Any) -> None:
        """Set columns of store_settings."""
        for name, value in values.items():
            self.cursor.execute(
                sql.SQL("UPDATE tally.store_settings SET {} = %s").format(sql.Identifier(name)), [value]
            )
        if "store_zone" in values:
            self.zone = ZoneInfo(values["store_zone"])

    def at(self, text: str) -> datetime:
        """Return a time of the store's zone, such as `2026-11-22 14:03:07`."""
        return datetime.fromisoformat(text).replace(tzinfo=self.zone)

    def hold(self, text: str | datetime) -> None:
        """Hold the views' clock at a time of the store's zone."""
        moment = self.at(text) if isinstance(text, str) else text
        self.cursor.execute("SELECT set_config('tally.now', %s, true)", [moment.isoformat()])

    def sale(
        self, at: str | datetime, amount: int = 100, quantity: int = 1, discount: int = 0, line_no: int = 1,
        sku: str = "A", warehouse: str = "W1", channel: str = "app", region: str = "GD", customer: str | None = None,
        log_date: date | None = None,
    ) -> None:  # fmt: skip
        """Sell one line: amount is the unit's, in minor units."""
        moment = self.at(at) if isinstance(at, str) else at
        log_date = log_date or moment.astimezone(UTC).date()
        gross, order = quantity * amount, int(line_no == 1)
        self.add_sales(
            moment, channel, region, log_date, gross=gross, discount=discount, orders=order, lines=1, units=quantity
        )
        self.add_stock(moment, sku, warehouse, log_date, sold=quantity, gross=gross, discount=discount, lines=1)
        if order:
            self.add("orders_1s", {"second": floor_time(moment, 1), "log_date": log_date}, {"orders": 1})
            self.tick(moment, log_date, sku, quantity, channel, region, gross - discount)
        if customer:
            self.buy(moment, customer, log_date)

    def refund(
        self, at: str | datetime, amount: int = 100, quantity: int = 1, discount: int = 0, to_stock: bool = True,
        sku: str = "A", warehouse: str = "W1", channel: str = "app", region: str = "GD", log_date: date | None = None,
    ) -> None:  # fmt: skip
        """Refund one line, with or without its return to stock."""
        moment = self.at(at) if isinstance(at, str) else at
        log_date = log_date or moment.astimezone(UTC).date()
        money = quantity * amount - discount
        self.add_sales(moment, channel, region, log_date, refund=money, refunded_units=quantity)
        stocked = quantity if to_stock else 0
        self.add_stock(moment, sku, warehouse, log_date, refunded=stocked, refund=money, refunded_units=quantity)

    def move(
        self,
        kind: str,
        at: str | datetime,
        quantity: int,
        sku: str = "A",
        warehouse: str = "W1",
        log_date: date | None = None,
    ) -> None:
        """Move stock: restocked, adjusted, shipped or unmet."""
        moment = self.at(at) if isinstance(at, str) else at
        self.add_stock(moment, sku, warehouse, log_date or moment.astimezone(UTC).date(), **{kind: quantity})

    def add_sales(self, moment: datetime, channel: str, region: str, log_date: date, **sums: int) -> None:
        """Add to a row of sales_10s."""
        key = {"window_start": floor_time(moment, 10), "channel": channel, "region": region, "log_date": log_date}
        names = ("gross", "discount", "refund", "orders", "lines", "units", "refunded_units")
        self.add("sales_10s", key, {column(name): sums.get(name, 0) for name in names}, {"newest_event_time": moment})

    def add_stock(self, moment: datetime, sku: str, warehouse: str, log_date: date, **sums: int) -> None:
        """Add to a row of stock_flow_1m."""
        key = {"window_start": floor_time(moment, 60), "sku": sku, "warehouse_id": warehouse, "log_date": log_date}
        names = ("sold", "refunded", "restocked", "adjusted", "shipped", "unmet", "gross", "discount", "refund",
                 "lines", "refunded_units")  # fmt: skip
        self.add("stock_flow_1m", key, {column(name): sums.get(name, 0) for name in names})

    def add(self, table: str, key: dict, sums: dict, newest: dict | None = None) -> None:
        """Upsert one event: sums are added, event_count grows by one, newest keeps the greatest."""
        sums, newest = {**sums, "event_count": 1}, newest or {}
        values = {**key, **sums, **newest}
        sets = [sql.SQL("{0} = t.{0} + excluded.{0}").format(sql.Identifier(name)) for name in sums]
        sets += [sql.SQL("{0} = greatest(t.{0}, excluded.{0})").format(sql.Identifier(name)) for name in newest]
        self.cursor.execute(
            sql.SQL("INSERT INTO {} AS t ({}) VALUES ({}) ON CONFLICT ({}) DO UPDATE SET {}").format(
                sql.Identifier("tally", table), names_of(values), sql.SQL(", ").join(sql.Placeholder() * len(values)),
                names_of(key), sql.SQL(", ").join(sets),
            ),
            list(values.values()),
        )  # fmt: skip

    def tick(
        self, moment: datetime, log_date: date, sku: str, quantity: int, channel: str, region: str, amount: int
    ) -> None:
        """Show an order; the greatest order_id of a second wins."""
        self.number += 1
        self.cursor.execute(
            "INSERT INTO tally.order_ticker AS t VALUES (%s, %s, %s, %s, %s, %s, %s, %s, %s, 1) ON CONFLICT "
            "(second, log_date) "
            "DO UPDATE SET ordered_at = excluded.ordered_at, order_id = excluded.order_id, sku = excluded.sku, "
            "quantity = excluded.quantity, channel = excluded.channel, region = excluded.region, amount = "
            "excluded.amount, "
            "event_count = t.event_count + 1",
            [floor_time(moment, 1), log_date, moment, f"O{self.number:06}", sku, quantity, channel, region, amount],
        )

    def buy(self, moment: datetime, customer: str, log_date: date) -> None:
        """Count a buyer of the store day."""
        self.cursor.execute(
            "INSERT INTO tally.day_buyers AS t VALUES (%s, %s, %s, %s, 1) ON CONFLICT (store_day, buyer, log_date) "
            "DO UPDATE "
            "SET first_purchase_at = least(t.first_purchase_at, excluded.first_purchase_at), event_count = "
            "t.event_count + 1",
            [moment.astimezone(self.zone).date(), customer, log_date, moment],
        )

    def product(self, sku: str, category: str = "Home", cost: int | None = 50, name: str | None = None) -> None:
        """Put a product into the catalogue."""
        self.cursor.execute(
            "INSERT INTO tally.products VALUES (%s, %s, %s, %s, NULL, %s)",
            [sku, name or f"Product {sku}", f"商品 {sku}", category, cost],
        )

    def policy(
        self, sku: str = "A", warehouse: str = "W1", reorder: int = 10, safety: int = 5, lead: float = 24
    ) -> None:
        """Set how a SKU is replenished."""
        self.cursor.execute(
            "INSERT INTO tally.stock_policy VALUES (%s, %s, %s, %s, %s)", [sku, warehouse, reorder, safety, lead]
        )

    def covered(self, since: str) -> None:
        """Let the data begin at a time, with an event that changes no sum: an empty one in a channel of its own."""
        self.add_sales(self.at(since), "app", "GD", self.at(since).astimezone(UTC).date())

    def close(self, until: str | None = None) -> None:
        """Close windows up to a time of the store's zone."""
        self.cursor.execute("SELECT tally.close_windows(%s)", [self.at(until) if until else None])

    def rows(self, view: str, **wanted: Any) -> list[dict]:
        """Return the rows of a view whose columns have these values as dictionaries; None is NULL."""
        tests = [sql.SQL("AND {} IS NOT DISTINCT FROM %s").format(sql.Identifier(name)) for name in wanted]
        query = sql.SQL("SELECT * FROM {} WHERE true {}").format(
            sql.Identifier("tally", view), sql.SQL(" ").join(tests)
        )
        self.cursor.execute(query, list(wanted.values()))
        names = [one.name for one in self.cursor.description]
        return [dict(zip(names, row, strict=True)) for row in self.cursor.fetchall()]

    def row(self, view: str, **wanted: Any) -> dict:
        """Return the one row of a view whose columns have these values."""
        found = self.rows(view, **wanted)
        assert len(found) == 1, found
        return found[0]


def column(name: str) -> str:
    """Return a sum's column."""
    return f"{name}_amount" if name in ("gross", "discount", "refund") else name


def names_of(values: Iterable[str]) -> sql.Composable:
    """Return column names, separated by commas."""
    return sql.SQL(", ").join(map(sql.Identifier, values))


def minutes(count: int) -> timedelta:
    """Return a duration."""
    return timedelta(minutes=count)

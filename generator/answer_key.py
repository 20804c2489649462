"""The totals that every view must show, kept as the records leave and not recomputed from what was written."""

from pathlib import Path
from typing import Any

import msgspec
import numpy as np

from generator.catalogue import Catalogue
from generator.curves import DAY, HOUR, Curves, day_name
from generator.malformed import KINDS
from generator.rows import (
    ADJUSTMENT,
    CHANNEL,
    COPY,
    CUSTOMER,
    DISCOUNT,
    FORM,
    LINE,
    MALFORMED,
    ORDER,
    QUANTITY,
    REFUND,
    REGION,
    RESTOCK,
    SALE,
    SENT,
    SHIPMENT,
    SKU,
    TIME,
    TO_STOCK,
    TYPE,
    UNIT,
    UNMET,
    WAREHOUSE,
)
from generator.shop import Shop

MINUTE = 60_000
LATE_MS = 60_000
COMPACT_ROWS = 200_000
SALES = ("gross_amount", "discount_amount", "refund_amount", "orders", "lines", "units", "refunded_units")
FLOW = ("sold", "refunded", "restocked", "adjusted", "shipped", "unmet")


class Sums:
    """Sums of integer measures by integer keys, kept small by merging now and then."""

    def __init__(self, keys: int):
        self.keys = keys
        self._parts: list[np.ndarray] = []
        self._rows = 0

    def add(self, keys: list[np.ndarray], measures: list[np.ndarray]) -> None:
        """Add one row per element of the arrays."""
        if not len(keys[0]):
            return
        self._parts.append(_merge(np.column_stack([*keys, *measures]), self.keys))
        self._rows += len(self._parts[-1])
        if self._rows > COMPACT_ROWS:
            self._parts = [_merge(np.concatenate(self._parts), self.keys)]
            self._rows = 0

    def table(self, width: int) -> np.ndarray:
        """Return keys and sums, sorted by the keys."""
        return _merge(np.concatenate(self._parts), self.keys) if self._parts else np.zeros((0, width), np.int64)


def _merge(table: np.ndarray, keys: int) -> np.ndarray:
    """Sum the rows that share their first `keys` columns."""
    table = table.astype(np.int64, copy=False)
    order = np.lexsort(tuple(table[:, column] for column in reversed(range(keys))))
    table = table[order]
    fresh = np.any(table[1:, :keys] != table[:-1, :keys], axis=1)
    starts = np.flatnonzero(np.concatenate([[True], fresh]))
    return np.hstack([table[starts, :keys], np.add.reduceat(table[:, keys:], starts, axis=0)])


class AnswerKey:
    """Counts every record that leaves; `result` gives the totals of the counted ones."""

    def __init__(self, shop: Shop, catalogue: Catalogue, curves: Curves):
        self.shop, self.catalogue, self.curves = shop, catalogue, curves
        self.counts = dict.fromkeys(("records", "counted", "duplicates", "rejected", "late"), 0)
        self.kinds = np.zeros(len(KINDS), np.int64)
        self.sales, self.products, self.flow = Sums(3), Sums(2), Sums(3)
        self.buyers, self.seconds = Sums(2), Sums(1)
        self.latest: dict[int, int] = {}
        self.first_time: int | None = None
        self.last_time: int | None = None

    def add(self, rows: np.ndarray) -> None:
        """Count records."""
        bad = rows[:, FORM] >= MALFORMED
        copies = (rows[:, COPY] == 1) & ~bad
        counted = rows[~bad & ~copies]
        late = counted[:, SENT] - counted[:, TIME] > LATE_MS
        for name, value in zip(
            self.counts, (len(rows), len(counted), copies.sum(), bad.sum(), late.sum()), strict=True
        ):
            self.counts[name] += int(value)
        self.kinds += np.bincount(rows[bad, FORM] - MALFORMED, minlength=len(KINDS))
        if len(counted):
            self._add_counted(counted)

    def _add_counted(self, rows: np.ndarray) -> None:
        times = rows[:, TIME]
        first, last = int(times.min()), int(times.max())
        self.first_time = first if self.first_time is None else min(first, self.first_time)
        self.last_time = last if self.last_time is None else max(last, self.last_time)
        self._add_sales(rows[(rows[:, TYPE] == SALE) | (rows[:, TYPE] == REFUND)])
        quantity = rows[:, QUANTITY]
        kinds = [rows[:, TYPE] == kind for kind in (SALE, REFUND, RESTOCK, ADJUSTMENT, SHIPMENT, UNMET)]
        kinds[1] = kinds[1] & (rows[:, TO_STOCK] == 1)
        self.flow.add([times // MINUTE, rows[:, SKU], rows[:, WAREHOUSE]], [quantity * kind for kind in kinds])

    def _add_sales(self, rows: np.ndarray) -> None:
        sold, back = rows[:, TYPE] == SALE, rows[:, TYPE] == REFUND
        gross = rows[:, QUANTITY] * rows[:, UNIT]
        order = sold & (rows[:, LINE] == 1)
        measures = [
            gross * sold,
            rows[:, DISCOUNT] * sold,
            (gross - rows[:, DISCOUNT]) * back,
            order,
            sold,
            rows[:, QUANTITY] * sold,
            rows[:, QUANTITY] * back,
        ]
        self.sales.add([rows[:, TIME] // MINUTE, rows[:, CHANNEL], rows[:, REGION]], measures)
        # hours of any zone begin at a quarter of an hour of UTC
        self.products.add([rows[:, TIME] // (15 * MINUTE), rows[:, SKU]], measures[:3] + measures[4:])
        known = sold & (rows[:, CUSTOMER] >= 0)
        self.buyers.add([rows[known, TIME] // (15 * MINUTE), rows[known, CUSTOMER]], [sold[known]])
        seconds = rows[order, TIME] // 1000
        self.seconds.add([seconds], [order[order]])
        for second, number in zip(seconds.tolist(), rows[order, ORDER].tolist(), strict=True):
            self.latest[second] = max(number, self.latest.get(second, 0))

    def result(self, prefix: str, about: dict[str, Any]) -> dict[str, Any]:
        """Return all totals as tables of columns and rows; windows in epoch ms, money in minor units."""
        sales, products, flow = self.sales.table(10), self.products.table(8), self.flow.table(9)
        sales[:, 0] *= MINUTE
        flow[:, 0] *= MINUTE
        products[:, 0] *= 15 * MINUTE
        return {
            "about": {**about, "currency": self.shop.currency, "store_zone": self.shop.zone, "event_id_prefix": prefix},
            "event_counts": {**self.counts, "first_event_time": self.first_time, "last_event_time": self.last_time},
            "rejected": {k.name: int(n) for k, n in zip(KINDS, self.kinds, strict=True) if n},
            "rejected_by_rule": self._by_rule(),
            **self._sales_tables(sales),
            **self._product_tables(products),
            **self._flow_tables(flow),
            "store_days": self._store_days(sales),
            "latest_orders": self._latest_orders(prefix),
        }

    def _by_rule(self) -> dict[str, int]:
        rules: dict[str, int] = {}
        for kind, count in zip(KINDS, self.kinds.tolist(), strict=True):
            if count:
                rules[kind.rule] = rules.get(kind.rule, 0) + count
        return rules

    def _latest_orders(self, prefix: str) -> dict[str, Any]:
        seconds = sorted(self.latest, reverse=True)[:50]
        return _table(("second", "order_id"), [[s * 1000, f"{prefix}{self.latest[s]:010d}"] for s in seconds])

    def _sales_tables(self, sales: np.ndarray) -> dict[str, Any]:
        names = ([c.code for c in self.shop.channel], list(self.shop.regions))
        hours, days = self._windows(sales[:, 0])
        return {
            "sales_by_minute": self._sales_table("window_start", sales, *names),
            "sales_by_hour": self._sales_table("window_start", _regroup(sales, hours, 3), *names),
            "sales_by_day": _with_days(self._sales_table("store_day", _regroup(sales, days, 3), *names)),
        }

    def _sales_table(self, window: str, table: np.ndarray, channels: list[str], regions: list[str]) -> dict[str, Any]:
        rows = [
            [start, channels[channel], regions[region], *_with_net(measures)]
            for start, channel, region, *measures in table.tolist()
        ]
        return _table((window, "channel", "region", *_net_names(SALES)), rows)

    def _product_tables(self, products: np.ndarray) -> dict[str, Any]:
        names = _net_names(tuple(name for name in SALES if name != "orders"))
        hours, days = self._windows(products[:, 0])
        by_day = _regroup(products, days, 2)
        by_category = by_day.copy()
        by_category[:, 1] = self.catalogue.category[by_day[:, 1]]
        by_category = _merge(by_category, 2) if len(by_category) else by_category

        def table(window: str, key: str, values: np.ndarray, labels: list[str]) -> dict[str, Any]:
            rows = [[start, labels[index], *_with_net(measures)] for start, index, *measures in values.tolist()]
            return _table((window, key, *names), rows)

        skus = self.catalogue.skus
        return {
            "product_sales_by_hour": table("window_start", "sku", _regroup(products, hours, 2), skus),
            "product_sales_by_day": _with_days(table("store_day", "sku", by_day, skus)),
            "category_sales_by_day": _with_days(
                table("store_day", "category", by_category, self.catalogue.category_names)
            ),
        }

    def _flow_tables(self, flow: np.ndarray) -> dict[str, Any]:
        skus, houses = self.catalogue.skus, [warehouse.id for warehouse in self.shop.warehouse]
        _, days = self._windows(flow[:, 0])

        def rows(values: np.ndarray) -> list[list[Any]]:
            return [[start, skus[s], houses[w], *m] for start, s, w, *m in values.tolist()]

        stock = _merge(flow[:, 1:], 2) if len(flow) else flow[:, 1:]
        names = ("sku", "warehouse_id", *FLOW)
        return {
            "stock_flow_by_minute": _table(("window_start", *names), rows(flow)),
            "stock_flow_by_day": _with_days(_table(("store_day", *names), rows(_regroup(flow, days, 3)))),
            "stock_on_hand": _table(
                ("sku", "warehouse_id", "available", "committed", "on_hand"),
                [[skus[s], houses[w], *_balance(m)] for s, w, *m in stock.tolist()],
            ),
        }

    def _store_days(self, sales: np.ndarray) -> dict[str, Any]:
        """Totals of each store day with what doesn't add up over windows: buyers and the peak second."""
        _, days = self._windows(sales[:, 0])
        totals = _regroup(sales, days, 3)
        totals = _merge(np.hstack([totals[:, :1], totals[:, 3:]]), 1) if len(totals) else totals
        buyers, peaks = self._buyers(), self._peaks()
        rows = [
            [day_name(day), *_with_net(measures), buyers.get(day, 0), *peaks.get(day, (0, None))]
            for day, *measures in totals.tolist()
        ]
        return _table(("store_day", *_net_names(SALES), "buyers", "peak_orders_per_second", "peak_second"), rows)

    def _buyers(self) -> dict[int, int]:
        table = self.buyers.table(3)
        if not len(table):
            return {}
        _, days = self._windows(table[:, 0] * 15 * MINUTE)
        days, counts = np.unique(np.unique(np.column_stack([days, table[:, 1]]), axis=0)[:, 0], return_counts=True)
        return dict(zip(days.tolist(), counts.tolist(), strict=True))

    def _peaks(self) -> dict[int, tuple[int, int]]:
        """The most orders in one second of each store day, and the first such second in epoch ms."""
        table = self.seconds.table(2)
        peaks: dict[int, tuple[int, int]] = {}
        _, days = self._windows(table[:, 0] * 1000)
        for day, second, orders in zip(days.tolist(), *table.T.tolist(), strict=True):
            if orders > peaks.get(day, (0, 0))[0]:
                peaks[day] = (orders, second * 1000)
        return peaks

    def _windows(self, times: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        """Return the start of the store's hour (epoch ms) and the store day (days since 1970) of moments."""
        quarters, inverse = np.unique(times // (15 * MINUTE), return_inverse=True)
        offsets = np.array([self.curves.offset(q * 15 * MINUTE) for q in quarters.tolist()], np.int64)
        offset = offsets[inverse] if len(quarters) else np.zeros(0, np.int64)
        return (times + offset) // HOUR * HOUR - offset, (times + offset) // DAY


def _regroup(table: np.ndarray, windows: np.ndarray, keys: int) -> np.ndarray:
    if not len(table):
        return table
    return _merge(np.hstack([windows[:, None], table[:, 1:]]), keys)


def _net_names(names: tuple[str, ...]) -> tuple[str, ...]:
    return (*names[:3], "net_amount", *names[3:])


def _with_net(measures: list[int]) -> list[int]:
    gross, discount, refund, *rest = measures
    return [gross, discount, refund, gross - discount - refund, *rest]


def _balance(flow: list[int]) -> tuple[int, int, int]:
    sold, refunded, restocked, adjusted, shipped, _ = flow
    available = restocked + refunded + adjusted - sold
    return available, sold - shipped, available + sold - shipped


def _table(columns: tuple[str, ...], rows: list[list[Any]]) -> dict[str, Any]:
    return {"columns": list(columns), "rows": rows}


def _with_days(table: dict[str, Any]) -> dict[str, Any]:
    for row in table["rows"]:
        row[0] = day_name(row[0])
    return table


def write_answer_key(path: Path, result: dict[str, Any]) -> None:
    """Write the totals as JSON, renamed into place when complete."""
    part = path.with_name(path.name + ".tmp")
    part.write_bytes(msgspec.json.encode(result))
    part.replace(path)

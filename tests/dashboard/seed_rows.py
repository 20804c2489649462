"""Rows for the dashboard's tests and pictures: a small shop simulated event by event, then summed into the tables.

    python -m tests.dashboard.seed_rows postgresql://postgres:…@127.0.0.1:5432/tally --rate 2 --days 8

Every table is summed from the same events, so that they agree with each other as the job's would.
"""

import argparse
import io
from collections.abc import Iterable, Sequence
from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

import numpy as np
import psycopg2
from psycopg2 import sql

from tests.dashboard.shop import (
    CHANNELS,
    NAMES,
    REGIONS,
    VARIANTS,
    WAREHOUSES,
    Lines,
    Shape,
    draw_sales,
    midnight_ms,
    prices,
    sums,
)

TABLES = (
    "sales_10s", "stock_flow_1m", "day_buyers", "orders_1s", "order_ticker", "rejected_records",
    "event_counts_1h", "log_counts_1h", "lag_samples", "checkpoint_stats", "audit_results", "audit_log",
    "job_runs", "history_days", "stock_policy", "products", "warehouses",
)  # fmt: skip


def stamp(ms: int) -> str:
    """Return epoch ms as Postgres reads it."""
    return datetime.fromtimestamp(ms / 1000, UTC).isoformat()


def utc_date(ms: int) -> str:
    """Return the UTC date of epoch ms."""
    return datetime.fromtimestamp(ms / 1000, UTC).date().isoformat()


def identifiers(names: Iterable[str]) -> sql.Composable:
    """Return names of tables or columns, separated by commas."""
    return sql.SQL(", ").join(map(sql.Identifier, names))


class Seeder:
    """Fills the tables of one database from one shop."""

    def __init__(self, connection, shape: Shape):
        self._connection = connection
        self._shape = shape
        self._rng = np.random.default_rng(shape.seed)
        self._now = int(shape.now.timestamp() * 1000)
        self._sales = draw_sales(shape, self._rng)
        self._refunds = self._draw_refunds()

    def _draw_refunds(self) -> Lines:
        picked = np.flatnonzero(self._rng.random(self._sales.at.size) < 0.025)
        later = self._sales.at[picked] + self._rng.integers(6, 60, picked.size) * 3_600_000
        fits = later <= self._now
        refunds = self._sales.take(picked[fits])
        return Lines(**{**refunds.__dict__, "at": later[fits]})

    def fill(self) -> None:
        """Empty the tables and fill them anew, in one transaction."""
        with self._connection, self._connection.cursor() as cursor:
            cursor.execute("SET search_path = tally")
            cursor.execute(sql.SQL("TRUNCATE {} CASCADE").format(identifiers(TABLES)))
            # Else the rows that come now count as late changes to windows that were closed before.
            cursor.execute("SELECT watch_closed_windows('-infinity')")
            cursor.execute("UPDATE store_settings SET store_zone = %s", (self._shape.zone,))
        self.masters()
        self.sales()
        self.stock()
        self.orders()
        self.health()
        with self._connection, self._connection.cursor() as cursor:
            before = None
            while True:  # a call closes a day at most
                cursor.execute("SELECT tally.close_windows()")
                (closed,) = cursor.fetchone()
                if closed == before:
                    break
                before = closed
            cursor.execute("ANALYZE")

    def copy(self, table: str, columns: str, rows: Iterable[Sequence]) -> None:
        """Load rows into a table."""
        text = io.StringIO("".join("\t".join("\\N" if v is None else str(v) for v in row) + "\n" for row in rows))
        with self._connection, self._connection.cursor() as cursor:
            names = sql.Identifier("tally", table), identifiers(columns.split(", "))
            cursor.copy_expert(sql.SQL("COPY {} ({}) FROM STDIN").format(*names), text)

    def masters(self) -> None:
        """Load products, warehouses, stock policy and the target."""
        n, cost = self._shape.products, prices(self._shape) * 6 // 10
        names = [(NAMES[i % len(NAMES)], VARIANTS[(i // len(NAMES) + i) % len(VARIANTS)]) for i in range(n)]
        rows = [
            (f"SKU-{10240 + i * 37}", f"{a[0]}, {v[0]}", f"{a[1]} {v[1]}", a[2], cost[i])
            for i, (a, v) in enumerate(names)
        ]
        self.copy("products", "sku, name_en, name_zh, category, cost_amount", rows)
        self.copy("warehouses", "warehouse_id, name_en, name_zh", WAREHOUSES)
        daily = self.units_per_day()
        policy = [
            (
                rows[s][0],
                WAREHOUSES[w][0],
                int(daily[s, w] * 2) + 2,
                int(daily[s, w]) + 1,
                (24, 36, 48, 72)[(s + w) % 4],
            )
            for s in range(n)
            for w in range(len(WAREHOUSES))
        ]
        self.copy("stock_policy", "sku, warehouse_id, reorder_point, safety_stock, lead_time_hours", policy)
        with self._connection, self._connection.cursor() as cursor:
            target = int(self._sales.amount.sum() // (self._shape.days + 0.6) // 10**8 + 1) * 10**8
            marks = [target // 8, target // 4, target // 2, target * 3 // 4, target]
            cursor.execute("UPDATE tally.store_settings SET target_amount = %s, milestones = %s", (target, marks))

    def units_per_day(self) -> np.ndarray:
        """Return mean units sold a day by product and warehouse."""
        total = np.zeros((self._shape.products, len(WAREHOUSES)))
        np.add.at(total, (self._sales.sku, self._sales.warehouse), self._sales.quantity)
        return total / (self._shape.days + 0.6)

    def sales(self) -> None:
        """Load sales_10s."""
        s, r = self._sales, self._refunds
        at, zero = np.concatenate([s.at, r.at]), np.zeros(r.at.size, dtype=np.int64)
        none = np.zeros(s.at.size, dtype=np.int64)
        keys = [at // 10_000 * 10_000, np.concatenate([s.channel, r.channel]), np.concatenate([s.region, r.region])]
        columns = [
            np.concatenate([s.amount, zero]),
            np.concatenate([s.discount, zero]),
            np.concatenate([none, r.amount - r.discount]),
            np.concatenate([s.line == 1, zero]),
            np.concatenate([none + 1, zero]),
            np.concatenate([s.quantity, zero]),
            np.concatenate([none, r.quantity]),
            np.ones(at.size, dtype=np.int64),
        ]
        (window, channel, region), totals = sums(keys, columns)
        channels, regions = list(CHANNELS), list(REGIONS)
        newest = np.minimum(window + 9_999, self._now)
        rows = (
            (stamp(w), channels[c], regions[g], utc_date(w), *values, stamp(last))
            for w, c, g, last, values in zip(window, channel, region, newest, zip(*totals, strict=True), strict=True)
        )
        names = "window_start, channel, region, log_date, gross_amount, discount_amount, refund_amount, orders, lines, "
        self.copy("sales_10s", names + "units, refunded_units, event_count, newest_event_time", rows)

    def stock(self) -> None:
        """Load stock_flow_1m: an opening adjustment, sales, refunds, and restocks that now and then fail to come."""
        s, r, daily = self._sales, self._refunds, self.units_per_day()
        start = int(s.at.min() // 86_400_000 * 86_400_000)
        pairs = [(p, w) for p in range(self._shape.products) for w in range(len(WAREHOUSES))]
        sku, warehouse = np.array(pairs).T
        per_day = daily[sku, warehouse]
        flows, moved = [], np.zeros(sku.size, dtype=np.int64)
        for day in range(1, self._shape.days + 1):
            arrive = np.flatnonzero(self._rng.random(sku.size) < 0.9)
            units = np.ceil(per_day[arrive] * self._rng.uniform(0.9, 1.25, arrive.size)).astype(np.int64)
            moved[arrive] += units
            at = np.full(arrive.size, min(start + day * 86_400_000 + 5 * 3_600_000, self._now))
            flows.append(self.flow(at, sku[arrive], warehouse[arrive], restocked=units))
        lost = self._rng.choice(sku.size, 40, replace=False)
        moved[lost] -= 1
        hour_ago = np.full(40, self._now - 3_600_000)
        flows.append(self.flow(hour_ago, sku[lost], warehouse[lost], adjusted=np.full(40, -1)))
        back = np.where(r.order % 10 < 7, r.quantity, 0)
        place = {pair: i for i, pair in enumerate(pairs)}
        np.add.at(moved, [place[pair] for pair in zip(s.sku, s.warehouse, strict=True)], -s.quantity)
        np.add.at(moved, [place[pair] for pair in zip(r.sku, r.warehouse, strict=True)], back)
        opening = self.stock_at_the_end(per_day) - moved
        flows.append(self.flow(np.full(sku.size, start), sku, warehouse, adjusted=opening))
        sale = {
            "sold": s.quantity,
            "gross_amount": s.amount,
            "discount_amount": s.discount,
            "lines": np.ones(s.at.size, dtype=np.int64),
        }
        flows.append(self.flow(s.at, s.sku, s.warehouse, **sale))
        flows.append(
            self.flow(
                r.at, r.sku, r.warehouse, refunded=back, refund_amount=r.amount - r.discount, refunded_units=r.quantity
            )
        )
        columns = [np.concatenate([flow[i] for flow in flows]) for i in range(len(flows[0]))]
        (window, product, place), totals = sums([columns[0] // 60_000 * 60_000, *columns[1:3]], columns[3:])
        rows = (
            (stamp(w), f"SKU-{10240 + p * 37}", WAREHOUSES[h][0], utc_date(w), *values)
            for w, p, h, values in zip(window, product, place, zip(*totals, strict=True), strict=True)
        )
        self.copy("stock_flow_1m", "window_start, sku, warehouse_id, log_date, " + ", ".join(FLOW), rows)

    def stock_at_the_end(self, per_day: np.ndarray) -> np.ndarray:
        """Return what is available in the end: mostly days of cover, a few oversold, out of stock or running out."""
        cover = self._rng.uniform(80, 190, per_day.size)
        trouble = self._rng.choice(np.argsort(-per_day)[: per_day.size // 2], 64, replace=False)
        cover[trouble[8:42]] = self._rng.uniform(0.8, 22, 34)
        end = np.maximum(1, np.round(per_day / 24 * cover)).astype(np.int64)
        end[trouble[42:]] = np.ceil(per_day[trouble[42:]] * 1.08).astype(np.int64)
        end[trouble[3:8]] = 0
        end[trouble[:3]] = -self._rng.integers(3, 18, 3)
        return end

    @staticmethod
    def flow(at: np.ndarray, sku: np.ndarray, warehouse: np.ndarray, **columns: np.ndarray) -> list[np.ndarray]:
        """Return movements as one array per column of stock_flow_1m."""
        zero = np.zeros(at.size, dtype=np.int64)
        return [at, sku, warehouse, *(columns.get(name, zero) for name in FLOW[:-1]), zero + 1]

    def orders(self) -> None:
        """Load buyers, orders per second and the ticker."""
        first = self._sales.take(np.flatnonzero(self._sales.line == 1))
        (second,), (count,) = sums([first.at // 1000 * 1000], [np.ones(first.at.size, dtype=np.int64)])
        self.copy(
            "orders_1s",
            "second, log_date, orders, event_count",
            ((stamp(t), utc_date(t), n, n) for t, n in zip(second, count, strict=True)),
        )
        shift = midnight_ms(self._shape.now, self._shape.zone) % 86_400_000
        day = (self._sales.at - shift) // 86_400_000
        pair, place = np.unique(np.stack([day, self._sales.customer]), axis=1, return_inverse=True)
        earliest = np.full(pair.shape[1], 2**62)
        np.minimum.at(earliest, place.reshape(-1), self._sales.at)
        zone = ZoneInfo(self._shape.zone)
        buyers = (
            (datetime.fromtimestamp(t / 1000, zone).date(), f"{c:032x}", utc_date(t), stamp(t), 1)
            for c, t in zip(pair[1], earliest, strict=True)
        )
        self.copy("day_buyers", "store_day, buyer, log_date, first_purchase_at, event_count", buyers)
        newest = {int(t) // 1000: i for i, t in enumerate(first.at[-4000:], start=max(0, first.at.size - 4000))}
        channels, regions = list(CHANNELS), list(REGIONS)
        ticker = (
            (
                stamp(t * 1000),
                utc_date(t * 1000),
                stamp(int(first.at[i])),
                f"O{first.order[i]:09d}",
                f"SKU-{10240 + first.sku[i] * 37}",
                first.quantity[i],
                channels[first.channel[i]],
                regions[first.region[i]],
                first.amount[i] - first.discount[i],
                1,
            )
            for t, i in newest.items()
        )
        self.copy(
            "order_ticker",
            "second, log_date, ordered_at, order_id, sku, quantity, channel, region, amount, event_count",
            ticker,
        )

    def health(self) -> None:
        """Load the log's counts, rejected records, lag, job, checkpoints and hourly audits."""
        (hour,), (counted,) = sums(
            [np.concatenate([self._sales.at, self._refunds.at]) // 3_600_000 * 3_600_000],
            [np.ones(self._sales.at.size + self._refunds.at.size, dtype=np.int64)],
        )
        duplicates, rejected = counted // 560, np.minimum(counted // 2_000 + 1, 9)
        late = counted // 150
        records = counted + duplicates + rejected
        offsets = np.cumsum(records)
        newest = np.minimum(hour + 3_599_000, self._now)
        columns = zip(hour, records, counted, rejected, late, offsets, newest, strict=True)
        self.copy(
            "event_counts_1h",
            "log_hour, log_partition, records, counted, rejected, late, last_offset, newest_append_time, event_count",
            ((stamp(h), 0, n, c, x, la, o, stamp(t), n + c) for h, n, c, x, la, o, t in columns),
        )
        self.copy(
            "log_counts_1h",
            "log_hour, log_partition, records, last_offset",
            ((stamp(h), 0, n, o) for h, n, o in zip(hour, records, offsets, strict=True)),
        )
        reasons = (
            "event_time is more than 5 minutes after the append time 1795000000000: 1795000400000",
            "currency is not CNY, the one of this deployment: USD",
            "sku is missing",
        )
        rejects = [
            (
                0,
                int(o) - k - 1,
                stamp(min(int(h) + k * 1000, self._now)),
                reasons[(k + i) % 3],
                '{"event_id":"…"}',
                "sales-events",
            )
            for i, (h, o, x) in enumerate(zip(hour, offsets, rejected, strict=True))
            for k in range(int(x))
        ]
        self.copy("rejected_records", "log_partition, log_offset, append_time, reason, line, topic", rejects)
        self.lag(int(records.sum()))
        self.job()
        self.audits(hour)

    def lag(self, records: int) -> None:
        """Load two hours of lag samples up to now."""
        times = np.arange(self._now - 2 * 3_600_000, self._now + 1, 1000)
        lag = np.abs(self._rng.normal(0.75, 0.18, times.size)) + (np.abs(times - times[3500]) < 90_000) * 1.6
        per_second = self._rng.poisson(self._shape.rate, times.size)
        rows = ((stamp(t), f"{x:.3f}", records, n) for t, x, n in zip(times, lag, per_second, strict=True))
        self.copy("lag_samples", "sampled_at, lag_seconds, records, events_per_second", rows)

    def job(self) -> None:
        """Load the running job and its checkpoints."""
        started = self._now - (4 * 24 + 6) * 3_600_000
        row = (
            "a1b2c3d4e5f60718293a4b5c6d7e8f90",
            "tallystream",
            "RUNNING",
            stamp(started),
            stamp(self._now),
            0,
            None,
            2,
        )
        self.copy(
            "job_runs", "job_id, name, state, started_at, heartbeat_at, restarts, resumed_from, parallelism", [row]
        )
        took = (self._rng.uniform(0.8, 1.5, 60) * 1000).astype(int)
        rows = []
        for n, ms in enumerate(took):
            at = self._now - (59 - n) * 5000 - 6000
            rows.append(
                (
                    row[0],
                    n + 1,
                    stamp(at),
                    stamp(at + int(ms)),
                    ms,
                    84 * 1024 * 1024 + n * 1000,
                    "COMPLETED",
                    f"chk-{n + 1}",
                )
            )
        self.copy(
            "checkpoint_stats",
            "job_id, checkpoint_id, triggered_at, completed_at, duration_ms, size_bytes, status, path",
            rows,
        )

    def audits(self, hours: np.ndarray) -> None:
        """Load an hourly audit of the last 24 hours, all equal."""
        top = self._now // 3_600_000 * 3_600_000
        ids = [(f"audit-{n:02d}", top - n * 3_600_000) for n in range(24)]
        self.copy(
            "audit_log",
            "audit_id, started_at, finished_at, verdict, message",
            ((i, stamp(t), stamp(t + 6_200), "equal", None) for i, t in ids),
        )
        tables = (
            ("sales_10s", self._sales.at.size),
            ("stock_flow_1m", self._sales.at.size),
            ("orders_1s", self._sales.order.max() + 1),
            ("rejected_records", 131),
        )
        rows = ((i, name, n, 0, 0, 0, 0) for i, _ in ids for name, n in tables)
        self.copy("audit_results", "audit_id, table_name, compared, missing, extra, wrong, undecided", rows)


FLOW = (
    "sold", "refunded", "restocked", "adjusted", "shipped", "unmet", "gross_amount", "discount_amount",
    "refund_amount", "lines", "refunded_units", "event_count",
)  # fmt: skip


def main() -> None:
    """Fill a database from the command line."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("url")
    parser.add_argument("--rate", type=float, default=2.0)
    parser.add_argument("--days", type=int, default=8)
    parser.add_argument("--zone", default="Asia/Shanghai")
    parser.add_argument("--now", type=datetime.fromisoformat, help="the shop's last moment, with its zone; else now")
    given = parser.parse_args()
    now = given.now or datetime.now(UTC) - timedelta(milliseconds=500)
    shape = Shape(now, given.zone, given.days, given.rate)
    connection = psycopg2.connect(given.url)
    try:
        Seeder(connection, shape).fill()
    finally:
        connection.close()


if __name__ == "__main__":
    main()

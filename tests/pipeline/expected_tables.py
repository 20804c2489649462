"""Compute every result table from the log's records alone, in plain Python: what the job has to write."""

from collections import defaultdict
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta

from tests.pipeline.reference_contract import reference_event


@dataclass(frozen=True)
class LogRecord:
    """One record of the log; `append_ms` epoch milliseconds UTC."""

    partition: int
    offset: int
    append_ms: int
    value: bytes | None
    file: str | None = None
    file_line: str | None = None


def moment(epoch_ms: int) -> datetime:
    return datetime.fromtimestamp(0, UTC) + timedelta(milliseconds=epoch_ms)


def window(epoch_ms: int, size_ms: int) -> datetime:
    return moment(epoch_ms - epoch_ms % size_ms)


def expected_tables(records: Iterable[LogRecord], currency: str, zone: str, key: bytes, dedup: bool = True) -> dict:
    """Return table name → {key columns: other columns} in the column order of docs/architecture.md."""
    tables: dict[str, dict] = {
        name: {} for name in ("sales_10s", "stock_flow_1m", "day_buyers", "orders_1s", "order_ticker")
    }
    counts: dict[tuple, dict] = defaultdict(lambda: dict(records=0, counted=0, rejected=0, late=0, last=0, newest=0))
    rejected, seen = set(), set()
    for record in sorted(records, key=lambda record: (record.partition, record.offset)):
        hour = counts[window(record.append_ms, 3_600_000), record.partition]
        hour["records"] += 1
        hour["last"] = max(hour["last"], record.offset)
        hour["newest"] = max(hour["newest"], record.append_ms)
        event = reference_event(record.value, record.append_ms, currency, zone, key)
        if event is None:
            hour["rejected"] += 1
            rejected.add((record.partition, record.offset))
        elif not dedup or event["event_id"] not in seen:
            seen.add(event["event_id"])
            hour["counted"] += 1
            hour["late"] += event["late"]
            _count(tables, event, moment(record.append_ms).date())
    shown = {name: rows for name, rows in tables.items() if name != "order_ticker"}
    shown["order_ticker"] = {
        where: (*row["shown"], row["event_count"]) for where, row in tables["order_ticker"].items()
    }
    shown["day_buyers"] = {where: (moment(row[0]), row[1]) for where, row in tables["day_buyers"].items()}
    shown["sales_10s"] = {where: (*row[:8], moment(row[8])) for where, row in tables["sales_10s"].items()}
    shown["stock_flow_1m"] = {where: tuple(row) for where, row in tables["stock_flow_1m"].items()}
    shown["orders_1s"] = {where: (row, row) for where, row in tables["orders_1s"].items()}
    shown["event_counts_1h"] = {
        where: (
            c["records"],
            c["counted"],
            c["rejected"],
            c["late"],
            c["last"],
            moment(c["newest"]),
            c["records"] + c["counted"],
        )
        for where, c in counts.items()
    }
    shown["rejected_records"] = rejected
    return shown


def _count(tables: dict, event: dict, log_date: date) -> None:
    kind, time, quantity = event["event_type"], event["event_time"], event["quantity"]
    gross, discount = event["gross_amount"] or 0, event["discount_amount"] or 0
    sale, refund = kind == "sale", kind == "refund"
    if sale or refund:
        row = tables["sales_10s"].setdefault(
            (window(time, 10_000), event["channel"], event["region"], log_date), [0] * 8 + [0]
        )
        first = sale and event["line_no"] == 1
        added = (
            gross * sale,
            discount * sale,
            (gross - discount) * refund,
            first,
            sale,
            quantity * sale,
            quantity * refund,
            1,
        )
        row[:8] = [old + int(new) for old, new in zip(row, added, strict=False)]
        row[8] = max(row[8], time)
    flow = tables["stock_flow_1m"].setdefault(
        (window(time, 60_000), event["sku"], event["warehouse_id"], log_date), [0] * 12
    )
    kinds = [kind == name for name in ("restock", "adjustment", "shipment", "unmet")]
    flow[:] = [
        old + int(new)
        for old, new in zip(
            flow,
            (
                quantity * sale,
                quantity * (refund and event["to_stock"]),
                *(quantity * is_kind for is_kind in kinds),
                gross * sale,
                discount * sale,
                (gross - discount) * refund,
                sale,
                quantity * refund,
                1,
            ),
            strict=True,
        )
    ]
    if event["buyer"] is not None:
        where = (date(1970, 1, 1) + timedelta(days=event["store_day"]), event["buyer"], log_date)
        first_at, count = tables["day_buyers"].get(where, (time, 0))
        tables["day_buyers"][where] = (min(first_at, time), count + 1)
    if sale and event["line_no"] == 1:
        _count_order(tables, event, (window(time, 1_000), log_date), gross - discount)


def _count_order(tables: dict, event: dict, where: tuple, amount: int) -> None:
    tables["orders_1s"][where] = tables["orders_1s"].get(where, 0) + 1
    row = tables["order_ticker"].setdefault(where, {"event_count": 0, "best": None, "shown": None})
    row["event_count"] += 1
    # Code point order is the order of UTF-8 bytes.
    best = (event["order_id"].encode(), event["event_id"].encode())
    if row["best"] is None or best > row["best"]:
        row["best"] = best
        names = ("order_id", "sku", "quantity", "channel", "region")
        row["shown"] = (moment(event["event_time"]), *(event[name] for name in names), amount)

"""Recomputing and comparing in DuckDB: every statement is a file of sql/audit/."""

import json
import os
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import duckdb
import pyarrow as pa

from tally.audit_tables import KEYS, statement

KINDS = ("missing", "extra", "wrong", "undecided", "moving")


@dataclass(frozen=True)
class Difference:
    """One row that is not as it must be; origins are partition:offset of records behind it, the newest first."""

    kind: str
    key: dict[str, Any]
    expected: dict[str, Any] | None
    found: dict[str, Any] | None
    record_count: int
    origins: list[str]


@dataclass(frozen=True)
class TableResult:
    """What came out for one table: rows compared, and by kind how many differ."""

    table: str
    compared: int
    missing: int = 0
    extra: int = 0
    wrong: int = 0
    undecided: int = 0
    moving: int = 0
    sample: tuple[Difference, ...] = ()

    @property
    def differs(self) -> bool:
        """Tell whether a row is not what the log says."""
        return bool(self.missing or self.extra or self.wrong)


@dataclass(frozen=True)
class UnsureId:
    """A repeated event_id of which nobody can say for sure which copy was counted."""

    event_id: str
    why: str
    copy_count: int
    origins: list[str]


@dataclass(frozen=True)
class Totals:
    """What the log holds by the contract."""

    records: int = 0
    counted: int = 0
    duplicates: int = 0
    rejected: int = 0


@dataclass(frozen=True)
class Settled:
    """Which records have to be visible everywhere: appended by a time (epoch ms), up to an offset of each partition."""

    before_ms: int
    visible: Mapping[int, int] = field(default_factory=dict)


@dataclass(frozen=True)
class Room:
    """What a comparison may take of the machine: memory before it spills to disk, and threads."""

    megabytes: int = 2000
    threads: int = os.cpu_count() or 1


class Comparison:
    """A DuckDB of its own, which spills into a folder when it needs more than its room; close it when done."""

    def __init__(
        self, folder: Path, *, shipments: bool, dedup_ms: int | None, most_shown: int, room: Room | None = None
    ):
        room = room or Room()
        self.connection = duckdb.connect(
            config={
                "memory_limit": f"{room.megabytes}MB",
                "temp_directory": str(folder / "spill"),
                "threads": room.threads,
                "preserve_insertion_order": False,
            },
        )
        self.set("shipments", shipments)
        self.set("dedup_ms", dedup_ms)
        self.set("most_shown", most_shown)

    def set(self, name: str, value: Any) -> None:
        """Set a variable that the statements read."""
        self.connection.execute(statement(f"set/{name}"), [value])

    def run(self, name: str) -> list[tuple]:
        """Run one file's statement and return its rows."""
        return self.connection.execute(statement(name)).fetchall()

    def load_log(self, files: Iterable[Path]) -> None:
        """Take the verdicts on all records of the log, and tell which of them count."""
        self.set("verdict_files", [str(path) for path in files])
        for name in ("records", "copies", "counted_copies", "duplicates", "unsure_ids", "events"):
            self.run(name)

    def quarter_hours(self) -> list[int]:
        """Return the quarters of an hour whose store day is needed."""
        return [quarter for (quarter,) in self.run("quarter_hours")]

    def load_store_days(self, days: pa.Table) -> None:
        """Take the store day of each quarter of an hour."""
        self.connection.register("store_days", days)
        for name in KEYS:
            self.run(f"lines_{name}")

    def types(self, no_records: Path) -> dict[str, pa.Schema]:
        """Return what key and measures of each table hold, from a file with verdicts on no record."""
        self.load_log([no_records])
        self.load_store_days(
            pa.table({"quarter_hour": pa.array([], pa.int64()), "store_day": pa.array([], pa.date32())})
        )
        key = pa.struct([("sku", pa.string()), ("warehouse_id", pa.string())])
        # its expected rows hold every key that was found
        self.connection.from_arrow(pa.table({"key": pa.array([], key)})).create_view("found_stock_on_hand")
        schemas = {}
        for name in KEYS:
            self.run(f"expected_{name}")
            schemas[name] = self.connection.table(f"expected_{name}").to_arrow_table().schema
        return schemas

    def settle(self, settled: Settled) -> None:
        """Say which records have to be visible."""
        visible = {"partition": pa.array(settled.visible.keys(), pa.int32())}
        visible["last_offset"] = pa.array(settled.visible.values(), pa.int64())
        self.connection.register("visible", pa.table(visible))
        self.set("settled_before_ms", settled.before_ms)

    def compare_table(self, name: str, found: Path) -> TableResult:
        """Compare one table, copied into a file, with the log."""
        self.connection.read_parquet(str(found)).create_view(f"found_{name}", replace=True)
        self.run(f"expected_{name}")
        for role in ("lines", "expected", "found"):
            self.set(role, f"{role}_{name}")
        self.run("unsettled_keys")
        self.run("undecided_keys")
        if name == "order_ticker":
            self.run("tied_order_ticker")
        self.run("differences")
        counts = dict(self.run("difference_counts"))
        sample = tuple(as_difference(row) for row in self.run("difference_sample")) if counts else ()
        compared = self.run("compared_rows")[0][0]
        return TableResult(name, compared, *(counts.get(kind, 0) for kind in KINDS), sample)

    def undecided(self, name: str) -> list[dict[str, Any]]:
        """Return the keys of one table whose rows depend on which copy of an unsure id was counted."""
        self.set("lines", f"lines_{name}")
        self.run("undecided_keys")
        return self.connection.sql(statement("undecided_rows")).to_arrow_table().to_pylist()

    def totals(self) -> Totals:
        """Return what the log holds by the contract."""
        return Totals(*self.run("record_totals")[0])

    def unsure_ids(self) -> list[UnsureId]:
        """Return ids whose copies differ or lie beyond the dedup horizon, as many as are shown."""
        return [UnsureId(*row) for row in self.run("unsure_sample")]

    def close(self) -> None:
        """Close the database."""
        self.connection.close()


def as_difference(row: tuple) -> Difference:
    """Return a row of difference_sample.sql with its structs read."""
    kind, key, expected, found, record_count, origins = row
    return Difference(
        kind, *(json.loads(part) if part else None for part in (key, expected, found)), record_count, origins
    )

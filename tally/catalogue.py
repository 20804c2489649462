"""Load products, stock policy and warehouses from the home folder into Postgres, on start and when a file changes.

All three are read before anything is written, and written in one transaction: a bad line anywhere leaves the tables as
they are, and every bad line is reported with its file and number.
"""

import contextlib
import hashlib
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Annotated, Any

import msgspec
import psycopg2
from msgspec import Meta
from psycopg2 import sql
from psycopg2.extensions import cursor as Cursor
from psycopg2.extras import execute_values

from tally.errors import TallyError
from tally.settings import Settings
from tally.sql_files import statement

REPORTED_FAULTS = 50
# far above any shop, and far enough below 2^63 for what the views add and multiply
LARGEST_COUNT = 10**15
# ISO 4217 currencies whose minor unit is not a hundredth
MINOR_DIGITS = {
    **dict.fromkeys(("BIF", "CLP", "DJF", "GNF", "ISK", "JPY", "KMF", "KRW", "PYG"), 0),
    **dict.fromkeys(("RWF", "UGX", "UYI", "VND", "VUV", "XAF", "XOF", "XPF"), 0),
    **dict.fromkeys(("BHD", "IQD", "JOD", "KWD", "LYD", "OMR", "TND"), 3),
    **dict.fromkeys(("CLF", "UYW"), 4),
}

Text = Annotated[str, Meta(min_length=1, max_length=128, pattern="^[^\x00]*$")]
Count = Annotated[int, Meta(ge=0, le=LARGEST_COUNT)]
Hours = Annotated[float, Meta(ge=0, le=87_660)]


class CatalogueError(TallyError):
    """A catalogue file has lines that can't be loaded; the tables are as they were."""


class Product(msgspec.Struct, frozen=True):
    """One line of products.ndjson; cost_amount is minor units."""

    sku: Text
    name_en: Text
    name_zh: Text
    category: Text
    subcategory: Text | None = None
    cost_amount: Count | None = None


class StockPolicy(msgspec.Struct, frozen=True):
    """One line of stock_policy.ndjson; quantities are units, the lead time is hours."""

    sku: Text
    warehouse_id: Text
    reorder_point: Count
    safety_stock: Count
    lead_time_hours: Hours


class Warehouse(msgspec.Struct, frozen=True):
    """One line of warehouses.ndjson."""

    warehouse_id: Text
    name_en: Text
    name_zh: Text


@dataclass(frozen=True)
class Source:
    """A file of the home folder, the table it fills, its line's type and the key that must be unique."""

    file: str
    table: str
    row: type[msgspec.Struct]
    key: tuple[str, ...]


SOURCES = (
    Source("products.ndjson", "products", Product, ("sku",)),
    Source("stock_policy.ndjson", "stock_policy", StockPolicy, ("sku", "warehouse_id")),
    Source("warehouses.ndjson", "warehouses", Warehouse, ("warehouse_id",)),
)


@dataclass(frozen=True)
class Content:
    """What a file held: its fingerprint and its rows."""

    fingerprint: str
    rows: list[msgspec.Struct]


class Catalogue:
    """The three files of a home folder and what of them is in the database."""

    def __init__(self, home: Path, url: str):
        self.home = Path(home)
        self.url = url
        self.seen: dict[str, tuple[int, int]] = {}
        self.loaded: dict[str, str] = {}

    def load_if_changed(self) -> dict[str, int]:
        """Load the files that differ from what was loaded before; return rows by table, empty when nothing changed.

        A file that is not there leaves its table as it is. Raises CatalogueError with every bad line; the same files
        are not read, nor reported, again until one of them changes. Raises psycopg2.Error when the database fails; the
        next call tries again.
        """
        folder = self.folder()
        seen = {source.file: signature(folder / source.file) for source in SOURCES}
        if seen == self.seen:
            return {}
        present = [source for source in SOURCES if seen[source.file] is not None]
        try:
            contents = read_all(folder, present)
        except CatalogueError:
            self.seen = seen
            raise
        changed = {
            source: contents[source.file]
            for source in present
            if contents[source.file].fingerprint != self.loaded.get(source.file)
        }
        replace_tables(self.url, changed)
        self.loaded |= {source.file: content.fingerprint for source, content in changed.items()}
        self.seen = seen
        return {source.table: len(content.rows) for source, content in changed.items()}

    def folder(self) -> Path:
        """Return where the files lie: in the home, else with the state of a generator in a container of its own."""
        is_own = any((self.home / source.file).exists() for source in SOURCES)
        return self.home if is_own else self.home / "generator"


def signature(path: Path) -> tuple[int, int, int] | None:
    """Return what changes when a file is written or replaced, None when there is no such file."""
    try:
        status = path.stat()
    except FileNotFoundError:
        return None
    return status.st_ino, status.st_mtime_ns, status.st_size


def read_all(home: Path, sources: list[Source]) -> dict[str, Content]:
    """Read the files; raise CatalogueError listing every bad line of all of them."""
    faults: list[str] = []
    contents = {source.file: read_one(home / source.file, source, faults) for source in sources}
    if faults:
        more = [f"  … and {len(faults) - REPORTED_FAULTS:,} more"] if len(faults) > REPORTED_FAULTS else []
        count = "1 line" if len(faults) == 1 else f"{len(faults):,} lines"
        raise CatalogueError(
            "\n".join(
                [
                    f"the catalogue was not loaded; found {count} that break its form; mend them, the files are "
                    "read again "
                    "when they change:",
                    *(f"  {fault}" for fault in faults[:REPORTED_FAULTS]),
                    *more,
                ]
            )
        )
    return contents


def read_one(path: Path, source: Source, faults: list[str]) -> Content:
    """Return a file's rows; what is wrong goes into faults as `file line N: what`."""
    try:
        data = path.read_bytes()
    except OSError as error:
        faults.append(f"{path.name}: can't be read: {error.strerror}")
        return Content("", [])
    rows: dict[tuple, msgspec.Struct] = {}
    first_lines: dict[tuple, int] = {}
    for number, line in lines_of(data):
        try:
            row = decode(line, source)
        except (msgspec.DecodeError, UnicodeDecodeError) as error:
            faults.append(f"{path.name} line {number}: {error}")
            continue
        key = tuple(getattr(row, name) for name in source.key)
        if key in rows:
            faults.append(f"{path.name} line {number}: {' × '.join(key)} is in line {first_lines[key]} already")
            continue
        rows[key], first_lines[key] = row, number
    return Content(hashlib.sha256(data).hexdigest(), list(rows.values()))


def lines_of(data: bytes) -> Iterator[tuple[int, bytes]]:
    """Yield (number, line) of NDJSON; blank lines, a leading BOM and CRs at line ends are no content."""
    for number, line in enumerate(data.removeprefix(b"\xef\xbb\xbf").split(b"\n"), 1):
        if line.strip():
            yield number, line.strip(b"\r")


def decode(line: bytes, source: Source) -> msgspec.Struct:
    """Return a line's row; raise msgspec.DecodeError or UnicodeDecodeError saying what is wrong."""
    return msgspec.json.decode(line, type=source.row)


def replace_tables(url: str, changed: dict[Source, Content]) -> None:
    """Replace the tables' rows in one transaction; raise psycopg2.Error with nothing changed."""
    if not changed:
        return
    with transaction(url) as cursor:
        for source, content in changed.items():
            table = sql.Identifier("tally", source.table)
            columns = sql.SQL(", ").join(map(sql.Identifier, source.row.__struct_fields__))
            cursor.execute(sql.SQL("DELETE FROM {}").format(table))
            insert = sql.SQL("INSERT INTO {} ({}) VALUES %s").format(table, columns)
            execute_values(cursor, insert, [msgspec.structs.astuple(row) for row in content.rows], page_size=1000)


def write_store_settings(url: str, settings: Settings) -> None:
    """Write what views and dashboard need of the deployment's settings into the one row of store_settings."""
    values: dict[str, Any] = {
        "currency": settings.currency,
        "minor_digits": MINOR_DIGITS.get(settings.currency, 2),
        "store_zone": settings.store_zone,
        "target_amount": settings.target or None,
        "milestones": list(settings.milestones),
        "shipments": settings.shipments,
        "stale_seconds": settings.stale_seconds,
        "retention_days": settings.retention_days,
    }
    with transaction(url) as cursor:
        cursor.execute(statement("save_store_settings"), values)


@contextlib.contextmanager
def transaction(url: str) -> Iterator[Cursor]:
    """Give a cursor of one transaction on a connection of its own."""
    with (
        contextlib.closing(psycopg2.connect(url, connect_timeout=10)) as connection,
        connection,
        connection.cursor() as cursor,
    ):
        yield cursor

"""All result tables as of one moment: one REPEATABLE READ transaction, copied into Parquet files.

Memory holds one block of one table at a time, however many rows there are.
"""

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import psycopg2
import pyarrow as pa
import pyarrow.csv as pc
import pyarrow.parquet as pq

from tally.audit_log import AuditError
from tally.audit_tables import statement

# of a CSV file; a row has to fit in, and Arrow reads 32 of them ahead
BLOCK_BYTES = 1024 * 1024
# here a row may hold a header of a record: 2 MiB of U+0000 as their escapes at most
LONG_ROWS = {"rejected_records": 16 * 1024 * 1024}
SESSION = "-c statement_timeout=600000 -c lock_timeout=60000 -c timezone=UTC -c datestyle=ISO"


@dataclass(frozen=True)
class Snapshot:
    """Result tables by name, as files with the columns key and measures (structs), and their time (epoch ms)."""

    tables: dict[str, Path]
    visible: dict[int, int]
    taken_ms: int


@contextmanager
def connected(database_url: str) -> Iterator:
    """Give a connection; raise AuditError when there is none to have or it breaks."""
    try:
        connection = psycopg2.connect(database_url, connect_timeout=10, application_name="tally-audit", options=SESSION)
        try:
            yield connection
        finally:
            connection.close()
    except psycopg2.Error as error:
        found = str(error).strip().splitlines() or [type(error).__name__]
        raise AuditError(
            f"Postgres can't be read; found {found[0]}; see that it runs and is migrated (`tally status`)"
        ) from error


def read_visible(connection) -> dict[int, int]:
    """Return {partition: last offset} of what the job's results include."""
    with connection, connection.cursor() as cursor:
        cursor.execute(statement("postgres/visible_offsets"))
        return dict(cursor.fetchall())


def read_shipments(connection) -> bool:
    """Return whether the deployment records shipments."""
    with connection, connection.cursor() as cursor:
        cursor.execute(statement("postgres/shipments"))
        row = cursor.fetchone()
    if row is None:
        raise AuditError("store_settings is empty; found no row; start Tallystream once, it writes the row")
    return row[0]


def read_store_days(connection, quarter_hours: list[int]) -> pa.Table:
    """Return the store day of each quarter of an hour (counted since 1970 UTC)."""
    with connection, connection.cursor() as cursor:
        cursor.execute(statement("postgres/store_days"), {"quarter_hours": quarter_hours})
        rows = cursor.fetchall()
    return pa.table(
        {
            "quarter_hour": pa.array([quarter for quarter, _ in rows], pa.int64()),
            "store_day": pa.array([day for _, day in rows], pa.date32()),
        }
    )


def take_snapshot(connection, types: Mapping[str, pa.Schema], folder: Path) -> Snapshot:
    """Copy every result table in one transaction; `types` says by table what key and measures hold."""
    connection.set_session(isolation_level="REPEATABLE READ", readonly=True)
    try:
        with connection, connection.cursor() as cursor:
            cursor.execute(statement("postgres/snapshot_time"))
            taken_ms = cursor.fetchone()[0]
            cursor.execute(statement("postgres/visible_offsets"))
            visible = dict(cursor.fetchall())
            tables = {name: copy_table(cursor, name, types[name], folder) for name in types}
    finally:
        connection.set_session(isolation_level="DEFAULT", readonly=False)
    return Snapshot(tables, visible, taken_ms)


def copy_table(cursor, name: str, schema: pa.Schema, folder: Path) -> Path:
    """Copy one table into a file, its columns paired into key and measures."""
    source, target = folder / f"{name}.csv", folder / f"{name}.parquet"
    with source.open("wb") as file:
        cursor.copy_expert(statement(f"postgres/{name}"), file)
    reader = opened(source, schema, LONG_ROWS.get(name, BLOCK_BYTES))
    with reader, pq.ParquetWriter(target, schema, compression="lz4") as writer:
        for batch in reader:
            halves = [as_struct(batch, field.type) for field in schema]
            # as a table: each is then a row group, written at once; batches are gathered in memory
            writer.write_table(pa.table(halves, schema=schema))
    source.unlink()
    return target


def opened(path: Path, schema: pa.Schema, block_bytes: int) -> pc.CSVStreamingReader:
    """Open a CSV file of COPY, to be read block by block: an empty text is quoted there, a null is not."""
    columns = {field.name: field.type for struct in schema.types for field in struct}
    return pc.open_csv(
        path,
        read_options=pc.ReadOptions(block_size=block_bytes),
        parse_options=pc.ParseOptions(newlines_in_values=True),
        convert_options=pc.ConvertOptions(
            column_types=columns,
            include_columns=list(columns),
            null_values=[""],
            strings_can_be_null=True,
            quoted_strings_can_be_null=False,
        ),
    )


def as_struct(batch: pa.RecordBatch, struct: pa.StructType) -> pa.StructArray:
    """Return columns of a batch as one struct column."""
    return pa.StructArray.from_arrays([batch[field.name] for field in struct], fields=list(struct))

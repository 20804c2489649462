"""The shadow results of a rebuild: tables beside the live ones, and the one transaction that makes them live."""

import contextlib
from collections.abc import Iterator
from dataclasses import dataclass

import psycopg2
from psycopg2 import sql
from psycopg2.extensions import cursor as Cursor

from tally.database import CONNECT_SECONDS, as_database_error, execute
from tally.sql_files import statement

# No limit on a statement: readers do not wait for a swap. The guards let smaller totals in. What follows the commit
# (the live job's checkpoints are deleted) can't be taken back, so it waits for the disk.
SESSION = "-c statement_timeout=0 -c work_mem=128MB -c timezone=UTC -c tally.rebuild=on -c synchronous_commit=on"


@dataclass(frozen=True)
class ShadowTable:
    """One result table with the columns of its key and the others."""

    name: str
    key: list[str]
    others: list[str]

    def compose(self, name: str) -> sql.Composed:
        """Return a statement of sql/postgres/upkeep for this table."""
        return sql.SQL(statement(name)).format(
            live=sql.Identifier("tally", self.name),
            shadow=sql.Identifier("tally_shadow", self.name),
            copy=sql.Identifier("tally_shadow", f"{self.name}_copy"),
            undecided=sql.Identifier("tally_shadow", f"{self.name}_undecided"),
            key=names(self.key),
            others=names(self.others),
            columns=names([*self.key, *self.others]),
            new_others=names(self.others, "excluded"),
            live_key=names(self.key, "l"),
            shadow_key=names(self.key, "s"),
            shadow_others=names(self.others, "s"),
            copy_others=names(self.others, "c"),
        )


def names(columns: list[str], *table: str) -> sql.Composed:
    """Return a list of columns, quoted."""
    return sql.SQL(", ").join(sql.Identifier(*table, column) for column in columns)


def make_shadow(url: str) -> None:
    """Make empty shadow tables as the owner; those of an earlier rebuild are thrown away. Raise DatabaseError."""
    with transaction(url, "shadow_make") as cursor:
        cursor.execute(statement("shadow_drop"))
        cursor.execute(statement("shadow_make"))


def drop_shadow(url: str) -> None:
    """Throw the shadow tables away, if there are any. Raise DatabaseError."""
    execute(url, "shadow_drop")


def has_shadow(url: str) -> bool:
    """Tell whether there are shadow tables. Raise DatabaseError."""
    return bool(execute(url, "shadow_exists"))


def shadow_offsets(url: str) -> dict[int, int]:
    """Return partition → the offset that the shadow's results have reached. Raise DatabaseError."""
    return dict(execute(url, "shadow_offsets"))


def jobs_write(url: str) -> bool:
    """Tell whether a connection of a job is still open: a killed job's last batch may be on its way."""
    return bool(execute(url, "job_connections"))


def swap(url: str) -> dict[str, int]:
    """Make the shadow's rows the live ones and drop it, all of it in one transaction; return changed rows by table.

    Readers see the old rows until it commits and never wait. Only rows that differ are written; what changes in closed
    windows is noted by their triggers, so the closed sums stay right. Both jobs have to be stopped. Raise DatabaseError
    with nothing changed.
    """
    with transaction(url, "swap") as cursor:
        cursor.execute(statement("closing_turn"))
        changed = {table.name: take_over(cursor, table) for table in shadow_tables(cursor)}
        cursor.execute(statement("shadow_drop"))
        return changed


def shadow_tables(cursor: Cursor) -> list[ShadowTable]:
    """Return the shadow tables."""
    cursor.execute(statement("shadow_keys"))
    return [ShadowTable(*row) for row in cursor.fetchall()]


def take_over(cursor: Cursor, table: ShadowTable) -> int:
    """Make the live rows of a table equal to its shadow's; return how many were written or deleted."""
    rows = 0
    for name in ("shadow_delete_extra", "shadow_upsert_changed"):
        cursor.execute(table.compose(name))
        rows += cursor.rowcount
    return rows


@contextlib.contextmanager
def transaction(url: str, name: str) -> Iterator[Cursor]:
    """Give a cursor whose work is committed as a whole at the block's end. Raise DatabaseError naming it `name`."""
    with as_database_error(name):
        connection = psycopg2.connect(
            url, connect_timeout=CONNECT_SECONDS, application_name="tally supervisor", options=SESSION
        )
        with contextlib.closing(connection), connection, connection.cursor() as cursor:
            yield cursor

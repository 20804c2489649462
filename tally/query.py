"""Run a reader's query and show its rows."""

import contextlib
import csv
from collections.abc import Sequence
from typing import Any, TextIO

import psycopg2
from rich.console import Console
from rich.table import Table

from tally.errors import TallyError

CONNECT_SECONDS = 5


class QueryError(TallyError):
    """A query can't be run."""


def run_query(url: str, query: str) -> tuple[list[str], list[tuple]]:
    """Return the columns and rows of a query; raise QueryError with what the server said."""
    try:
        connection = psycopg2.connect(url, connect_timeout=CONNECT_SECONDS, application_name="tally sql")
    except psycopg2.Error as error:
        raise QueryError(
            f"the database does not answer; found: {' '.join(str(error).split())}; start it: tally demo, or tally run"
        ) from error
    with contextlib.closing(connection), connection.cursor() as cursor:
        try:
            cursor.execute(query)
            rows = cursor.fetchall() if cursor.description else []
        except psycopg2.Error as error:
            raise QueryError(
                f"the query can't be run; the server said: {str(error).strip()}\nmend it and try again"
            ) from error
        return [column.name for column in cursor.description or ()], rows


def write_csv(columns: Sequence[str], rows: Sequence[tuple], out: TextIO) -> None:
    """Write rows as CSV; NULL is empty, times are ISO 8601."""
    writer = csv.writer(out, lineterminator="\n")
    writer.writerow(columns)
    writer.writerows([cell(value) for value in row] for row in rows)


def print_table(columns: Sequence[str], rows: Sequence[tuple], console: Console) -> None:
    """Print rows as a table, numbers to the right."""
    numeric = [
        any(isinstance(row[index], int) or hasattr(row[index], "as_tuple") for row in rows)
        for index in range(len(columns))
    ]
    table = Table(box=None, header_style="bold", pad_edge=False)
    for name, is_number in zip(columns, numeric, strict=True):
        table.add_column(name, justify="right" if is_number else "left", overflow="fold")
    for row in rows:
        table.add_row(*(cell(value) for value in row))
    console.print(table, markup=False) if columns else None
    console.print(f"({len(rows)} row{'' if len(rows) == 1 else 's'})", style="dim")


def cell(value: Any) -> str:
    """Write one value as text."""
    if value is None:
        return ""
    return value.isoformat(sep=" ") if hasattr(value, "hour") and hasattr(value, "year") else str(value)

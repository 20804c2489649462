"""Addresses of the results' database and the few statements that supervisor and command line send to it."""

import contextlib
import dataclasses
import json
from collections.abc import Iterator, Mapping
from typing import Any

import psycopg2

from tally.errors import TallyError
from tally.home import Home, write_atomically
from tally.postgres import DatabaseUrls
from tally.sql_files import statement

CONNECT_SECONDS = 5
STATEMENT_SECONDS = 20


class DatabaseError(TallyError):
    """The database does not answer, or nothing was started yet."""


def save_urls(home: Home, urls: DatabaseUrls) -> None:
    """Keep the addresses with their passwords for later commands, readable by this user only."""
    write_atomically(home.run / "database.json", json.dumps(dataclasses.asdict(urls)))


def load_urls(home: Home) -> DatabaseUrls:
    """Return the addresses of the newest start; raise DatabaseError before the first."""
    try:
        return DatabaseUrls(**json.loads((home.run / "database.json").read_text()))
    except (OSError, ValueError, TypeError) as error:
        raise DatabaseError(
            f"there is no database yet in {home.root}; found no address of one; start it: tally demo, or tally run"
        ) from error


def execute(url: str, name: str, parameters: Mapping[str, Any] | None = None) -> list[tuple]:
    """Run a statement of sql/postgres/upkeep in its own transaction and return its rows.

    Raise DatabaseError when the database does not answer or refuses.
    """
    with as_database_error(name), connection_to(url) as connection, connection, connection.cursor() as cursor:
        cursor.execute(statement(name), parameters or {})
        return cursor.fetchall() if cursor.description else []


def execute_many(url: str, name: str, rows: list[Mapping[str, Any]]) -> None:
    """Run a statement once for each row, in one transaction."""
    with as_database_error(name), connection_to(url) as connection, connection, connection.cursor() as cursor:
        cursor.executemany(statement(name), rows)


def connection_to(url: str):
    """Open a connection with limits on how long it may block."""
    return contextlib.closing(
        psycopg2.connect(
            url,
            connect_timeout=CONNECT_SECONDS,
            application_name="tally supervisor",
            options=f"-c statement_timeout={STATEMENT_SECONDS}s",
        )
    )


@contextlib.contextmanager
def as_database_error(name: str) -> Iterator[None]:
    """Turn what psycopg2 raises into a DatabaseError that names the statement and quotes the server."""
    try:
        yield
    except psycopg2.Error as error:
        said = " ".join(str(error).split()) or type(error).__name__
        raise DatabaseError(
            f"the database did not run {name}; it said: {said}; `tally status` shows whether it runs"
        ) from error


def has_row(url: str, name: str, parameters: Mapping[str, Any] | None = None) -> bool:
    """Tell whether a statement returns a row; a database that does not answer returns none."""
    try:
        return bool(execute(url, name, parameters))
    except DatabaseError:
        return False

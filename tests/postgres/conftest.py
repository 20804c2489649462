"""One real embedded server per test session; a test works in one transaction of the owner that is rolled back."""

import contextlib
import os
import shutil
import tempfile
from collections.abc import Iterator
from pathlib import Path

import psycopg2
import pytest
from psycopg2 import sql

from tally import migrate
from tally.postgres import EmbeddedPostgres
from tests.postgres.shop import Shop


@contextlib.contextmanager
def temporary_home() -> Iterator[Path]:
    """Give a home folder whose parents are open, so that root's server can enter it."""
    home = Path(tempfile.mkdtemp(prefix="tally-postgres-", dir="/tmp"))
    try:
        yield home
    finally:
        shutil.rmtree(home, ignore_errors=True)


@contextlib.contextmanager
def migrated_server() -> Iterator[EmbeddedPostgres]:
    """Give a started server with the newest schema; it and its files are gone afterwards."""
    with temporary_home() as home:
        server = EmbeddedPostgres(home)
        try:
            server.start()
            migrate.set_up(server)
            yield server
        finally:
            server.stop()
            server.remove()


@pytest.fixture(scope="session")
def postgres_server() -> Iterator[EmbeddedPostgres]:
    """A started and migrated server for all tests of the session."""
    with migrated_server() as server:
        yield server


@pytest.fixture
def db(postgres_server) -> Iterator[psycopg2.extensions.cursor]:
    """A cursor of the owner; what a test writes is rolled back."""
    with contextlib.closing(psycopg2.connect(postgres_server.url("owner"))) as connection:
        with connection.cursor() as cursor:
            yield cursor
        connection.rollback()


@pytest.fixture
def shop(db) -> Shop:
    """An empty shop in Asia/Shanghai that writes what the job would."""
    return Shop(db)


@pytest.fixture
def connect(postgres_server) -> Iterator:
    """Open connections as a role; they are closed afterwards."""
    with contextlib.ExitStack() as stack:

        def open_as(role: str) -> psycopg2.extensions.connection:
            connection = psycopg2.connect(postgres_server.url(role))
            connection.autocommit = True
            return stack.enter_context(contextlib.closing(connection))

        yield open_as


@pytest.fixture
def database(postgres_server, connect):
    """The owner's address of an empty database of its own."""
    name = "migrated"
    with connect("postgres").cursor() as cursor:
        cursor.execute(sql.SQL("CREATE DATABASE {} OWNER tally_owner").format(sql.Identifier(name)))
        yield postgres_server.url("owner").replace("/tally", f"/{name}").replace(f"/{name}_owner", "/tally_owner")
        cursor.execute(sql.SQL("DROP DATABASE {} WITH (FORCE)").format(sql.Identifier(name)))


as_root = pytest.mark.skipif(os.geteuid() != 0, reason="only root's server runs under another account")

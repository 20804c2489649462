"""Fixtures of the supervisor's, inbox's and command line's tests."""

import shutil
import tempfile
from contextlib import closing
from pathlib import Path

import psycopg2
import pytest
from psycopg2 import sql

from tally import migrate, shadow
from tally.postgres import EmbeddedPostgres
from tests.tally.broker import running_broker
from tests.tally.result_rows import TABLES


@pytest.fixture(scope="session")
def kafka_bootstrap(tmp_path_factory):
    """Give the address of one broker for all tests of the session."""
    with running_broker(tmp_path_factory.mktemp("kafka-home")) as bootstrap:
        yield bootstrap


@pytest.fixture(scope="session")
def postgres_server():
    """Give a migrated server in a home that root's server can enter."""
    home = Path(tempfile.mkdtemp(dir="/tmp"))
    server = EmbeddedPostgres(home)
    try:
        server.start()
        migrate.set_up(server)
        yield server
    finally:
        server.stop()
        server.remove()
        shutil.rmtree(home, ignore_errors=True)


@pytest.fixture
def urls(postgres_server):
    return postgres_server.urls()


@pytest.fixture
def owner(urls):
    """A connection of the owner's that commits each statement; result tables are empty at first, and in the end."""
    empty = sql.SQL("TRUNCATE {}").format(sql.SQL(", ").join(sql.Identifier("tally", name) for name in TABLES))
    with closing(psycopg2.connect(urls.owner)) as connection:
        connection.autocommit = True
        connection.cursor().execute(empty)
        yield connection.cursor()
        connection.cursor().execute(empty)
        shadow.drop_shadow(urls.owner)

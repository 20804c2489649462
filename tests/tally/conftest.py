"""Fixtures of the supervisor's, inbox's and command line's tests."""

import shutil
import tempfile
from contextlib import closing
from pathlib import Path

import psycopg2
import pytest
from psycopg2 import sql

from tally import migrate, shadow
from tally.home import Home
from tally.jars import jar_sets
from tally.jvm import find_java
from tally.line import Ground, Line
from tally.logs import LogFiles
from tally.postgres import EmbeddedPostgres
from tally.registry import Registry, RunState
from tally.settings import Settings
from tally.supervisor import Supervisor
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


@pytest.fixture
def make_line(tmp_path, monkeypatch):
    """Make a line on given services; what it started is stopped afterwards."""
    # another test's Flink session lives in this process's environment
    monkeypatch.delenv("TALLY_BUYER_KEY_FILE", raising=False)
    supervisors = []

    def make(**settings):
        home = Home(tmp_path / "home")
        home.prepare()
        supervisor = Supervisor(Registry(home), LogFiles(home.logs, 10**6), RunState(), lambda text: None)
        supervisors.append(supervisor)
        ground = Ground(find_java(), jar_sets(), (0, 0), 0, 8600)
        return Line(Settings(home=home.root, **settings), home, ground, supervisor)

    yield make
    for supervisor in supervisors:
        supervisor.stop_all()

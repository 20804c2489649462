"""Databases and pages for the dashboard's tests. The views' clock is held, so that what a page shows is known."""

import shutil
import tempfile
import time
from collections.abc import Callable, Iterator
from datetime import datetime
from pathlib import Path
from urllib.parse import quote

import psycopg2
import pytest
from streamlit.testing.v1 import AppTest

from dashboard.queries import made_queries
from tally import migrate
from tally.postgres import EmbeddedPostgres
from tests.dashboard.seed_rows import Seeder
from tests.dashboard.shop import Shape

APP = Path(__file__).parents[2] / "dashboard" / "app.py"
# A Sunday, 14:03:07 on the store's wall.
SETTLE_SECONDS = 30
NOW = datetime.fromisoformat("2026-11-22T14:03:07+08:00")


class Database:
    """An embedded Postgres of this test run, set up as the product does it."""

    def __init__(self, folder: str):
        self.server = EmbeddedPostgres(Path(folder), port=0)
        self.server.start()
        migrate.set_up(self.server)

    @property
    def owner_url(self) -> str:
        """Return the address of the tables for one who may write all of them."""
        return self.server.url("postgres").rpartition("/")[0] + "/tally"

    @property
    def url(self) -> str:
        """Return the dashboard's address; its sessions hold the clock of the views."""
        return f"{self.server.url('dashboard')}?options={quote(f'-c tally.now={NOW.isoformat()}')}"

    def rows(self, statement: str, role: str | None = None, values: tuple | dict | None = None) -> list[tuple]:
        """Return a statement's rows with the clock held; write statements return none."""
        connection = psycopg2.connect(self.server.url(role) if role else self.owner_url)
        try:
            with connection, connection.cursor() as cursor:
                cursor.execute("SET search_path = tally")
                cursor.execute("SELECT set_config('tally.now', %s, false)", (NOW.isoformat(),))
                cursor.execute(statement, values)
                return cursor.fetchall() if cursor.description else []
        finally:
            connection.close()


@pytest.fixture(scope="session")
def new_database() -> Iterator[Callable[[], Database]]:
    """Return a maker of databases; all of them end with the run."""
    made: list[tuple[Database, str]] = []

    def make() -> Database:
        # Below /tmp, since the server runs as another user, who can't enter pytest's own folder.
        folder = tempfile.mkdtemp(dir="/tmp", prefix="tally-dashboard-")
        made.append((Database(folder), folder))
        return made[-1][0]

    yield make
    for database, folder in made:
        database.server.stop()
        database.server.remove()
        shutil.rmtree(folder, ignore_errors=True)


@pytest.fixture(scope="session")
def shop(new_database) -> Database:
    """Return a database with a shop of eight days in it, up to NOW."""
    database = new_database()
    connection = psycopg2.connect(database.owner_url)
    Seeder(connection, Shape(now=NOW, rate=0.04, products=60)).fill()
    connection.close()
    return database


@pytest.fixture(scope="session")
def empty(new_database) -> Database:
    """Return a database in which nothing has happened yet."""
    return new_database()


@pytest.fixture
def open_page(monkeypatch) -> Callable[..., AppTest]:
    """Return a function that runs a page against a database until its first values have come."""

    def open_page(name: str, url: str, settled: bool = True, **query: str) -> AppTest:
        monkeypatch.setenv("DATABASE_URL", url)
        made_queries.cache_clear()
        app = AppTest.from_file(str(APP), default_timeout=30)
        for key, value in query.items():
            app.query_params[key] = value
        if name != "live":
            app.switch_page(f"screens/{name}.py")
        app.run()
        deadline = time.monotonic() + SETTLE_SECONDS
        while settled and 'class="ts-skel"' in html_of(app) and time.monotonic() < deadline:
            app.run()
        return app

    return open_page


def html_of(app: AppTest) -> str:
    """Return all HTML that a page has drawn."""
    return "\n".join(element.proto.body for element in app.get("html"))

"""Twenty open pages over a million rows, a database that goes away under them, and one in which nothing is (R22)."""

import os
import shutil
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import psutil
import psycopg2
import pytest

from tests.chaos.account import noted
from tests.dashboard.browser import executable, launched
from tests.dashboard.conftest import NOW, Database
from tests.dashboard.seed_rows import Seeder
from tests.dashboard.serving import running
from tests.dashboard.shop import Shape

pytestmark = [
    pytest.mark.chaos,
    pytest.mark.timeout(1800),
    pytest.mark.skipif(executable() is None, reason="no Chromium is installed"),
]
PAGES = ("", "inventory", "health", "wall")
SESSIONS, WAIT_MS, ROWS = 20, 180_000, 1_000_000
AMOUNT = "SELECT gross_amount FROM sales_today"
HERO = "[...document.querySelectorAll('.ts-counter .ts-whole, .ts-counter .ts-cents')].map(e => e.textContent).join('')"
IS_DRAWN = "document.querySelector('.ts-head, .ts-wall') && !document.querySelector('.ts-skel')"
IS_STATE = "state => document.querySelector('.ts-dot')?.textContent === state"
FAULTS_SHOWN = "document.querySelectorAll('[data-testid=stException], [data-testid=stAlert]').length"


@contextmanager
def database() -> Iterator[Database]:
    """Give a database of our own, below a folder that Postgres may enter."""
    folder = tempfile.mkdtemp(dir="/tmp", prefix="tally-viewers-")
    made = Database(folder)
    try:
        yield made
    finally:
        made.server.stop()
        made.server.remove()
        shutil.rmtree(folder, ignore_errors=True)


def opened(browser, url: str, sessions: int) -> list:
    """Open so many pages, each of a viewer of its own, and return them drawn."""
    pages = []
    for number in range(sessions):
        page = browser.new_context(viewport={"width": 1440, "height": 900}).new_page()
        page.goto(f"{url}/{PAGES[number % len(PAGES)]}?lang=en", timeout=WAIT_MS)
        pages.append(page)
    for page in pages:
        page.wait_for_function(IS_DRAWN, timeout=WAIT_MS)
        assert page.evaluate(FAULTS_SHOWN) == 0
    return pages


def until_all(pages: list, state: str) -> float:
    """Return the seconds until all pages show a state, none of them an exception."""
    begun = time.monotonic()
    for page in pages:
        page.wait_for_function(IS_STATE, arg=state, timeout=WAIT_MS)
        assert page.evaluate(FAULTS_SHOWN) == 0
    return round(time.monotonic() - begun, 1)


def heroes(pages: list) -> set[str]:
    """Return what the Live pages show as the day's amount."""
    return {"".join(c for c in page.evaluate(HERO) if c.isdigit()) for page in pages[:: len(PAGES)]}


@pytest.mark.skipif(not os.environ.get("TALLY_CHAOS_FULL"), reason="takes minutes: FULL=1 only")
def test_twenty_pages_over_a_million_rows_outlive_an_outage(seed, tmp_path):
    log = tmp_path / "dashboard.log"
    with noted("R22", "twenty_pages_a_million_rows", seed) as figures, database() as shop:
        connection = psycopg2.connect(shop.owner_url)
        Seeder(connection, Shape(now=NOW, rate=2.0, products=1_000)).fill()
        connection.close()
        ((figures["table_rows"],),) = shop.rows("SELECT count(*) FROM stock_flow_1m")
        assert figures["table_rows"] > ROWS
        ((amount,),) = shop.rows(AMOUNT)
        with running(log, DATABASE_URL=shop.url) as (process, url), launched(executable()) as browser:
            pages = opened(browser, url, SESSIONS)
            figures["sessions"] = len(pages)
            until_all(pages, "LIVE")
            assert heroes(pages) == {str(amount)}
            shop.server.stop()
            figures["stale_after_s"] = until_all(pages, "STALE")
            assert heroes(pages) == {str(amount)}, "the last good numbers stay"
            shop.server.start()
            figures["live_again_s"] = until_all(pages, "LIVE")
            figures["dashboard_mb"] = psutil.Process(process.pid).memory_full_info().pss // 2**20
        assert "Traceback" not in log.read_text()


def test_pages_of_an_empty_shop_say_so(seed, tmp_path):
    with noted("R22", "an_empty_database", seed), database() as shop:
        log = Path(tmp_path / "dashboard.log")
        with running(log, DATABASE_URL=shop.url) as (_, url), launched(executable()) as browser:
            for page in opened(browser, url, len(PAGES)):
                assert page.inner_text("body").strip()
        assert "Traceback" not in log.read_text()

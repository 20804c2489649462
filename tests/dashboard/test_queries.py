"""The dashboard's statements against a real Postgres, as the role that the dashboard has."""

import re
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from datetime import datetime
from decimal import Decimal

import psycopg2
import pytest

from dashboard.downloads import PARAMETERS
from dashboard.pool import Pool
from dashboard.queries import FOLDER, statements
from dashboard.settings import DashboardSettings

ASKED = {"channel": None, "warehouse": None, "state": None}


@pytest.fixture(scope="module")
def pool(shop):
    pool = Pool(DashboardSettings.from_env({"DATABASE_URL": shop.url}))
    yield pool
    pool.close()


def code(text: str) -> str:
    return "\n".join(line for line in text.splitlines() if not line.lstrip().startswith("--"))


@pytest.mark.parametrize("name", statements())
def test_a_statement_says_its_row_its_grain_and_its_age(name):
    lines = statements()[name].text.splitlines()
    assert lines[0].startswith("-- One row is") or lines[0].startswith("-- One row, the only one,")
    assert any(line.startswith("-- grain: ") for line in lines[:6])
    assert all(len(line) <= 120 for line in lines)
    assert ";" not in code(statements()[name].text)
    assert "SELECT *" not in code(statements()[name].text).upper().replace("SELECT S.*", "").replace("SELECT C.*", "")


@pytest.mark.parametrize("name", statements())
def test_a_statement_reads_views_only(name, shop):
    used = set(re.findall(r"tally\.(\w+)", code(statements()[name].text)))
    views = {row[0] for row in shop.rows("SELECT viewname FROM pg_views WHERE schemaname = 'tally'")}
    assert used and used <= views


@pytest.mark.parametrize("name", statements())
def test_a_statement_answers_the_dashboards_role(name, pool):
    rows = pool.rows(
        statements()[name].text, {**ASKED, "channel": "app", "warehouse": "PVG1"} if "by_" in name else ASKED
    )
    assert rows, name


@pytest.mark.parametrize("name", statements())
def test_the_grain_is_unique(name, pool):
    grain = re.search(r"^-- grain: (.*)$", statements()[name].text, re.MULTILINE)[1]
    rows = pool.rows(
        statements()[name].text, {**ASKED, "channel": "app", "warehouse": "PVG1"} if "by_" in name else ASKED
    )
    if grain == "one row":
        assert len(rows) == 1
        return
    keys = [column for column in grain.split(", ") if column in rows[0]]
    assert len({tuple(row[key] for key in keys) for row in rows}) == len(rows)


def test_a_filter_keeps_only_its_rows(pool):
    everything = pool.rows(statements()["stock_exceptions"].text, ASKED)
    some = pool.rows(statements()["stock_exceptions"].text, {**ASKED, "state": "oversold"})
    assert some
    assert {row["state"] for row in some} == {"oversold"}
    assert {row["state"] for row in everything} > {"oversold"}


def test_a_channels_figures_add_up_to_the_whole(pool, shop):
    channels = [row["channel"] for row in pool.rows(statements()["channels"].text)]
    parts = [pool.rows(statements()["sales_today_by_channel"].text, {"channel": channel})[0] for channel in channels]
    (whole,) = pool.rows(statements()["sales_today"].text)
    for column in ("gross_amount", "net_amount", "orders", "units", "gross_amount_yesterday", "gross_amount_last_week"):
        assert sum(part[column] for part in parts) == whole[column], column


def test_todays_gmv_is_the_sum_of_the_table(pool, shop):
    ((total,),) = shop.rows(
        "SELECT sum(gross_amount) FROM sales_10s WHERE window_start >= '2026-11-22T00:00:00+08:00'", role=None
    )
    assert pool.rows(statements()["sales_today"].text)[0]["gross_amount"] == total


def test_todays_curve_ends_at_todays_gmv(pool):
    steps = pool.rows(statements()["sales_curve_today"].text, ASKED)
    assert steps[-1]["cumulative_gross_amount"] == pool.rows(statements()["sales_today"].text)[0]["gross_amount"]


def test_the_dashboard_can_read_no_table_and_write_nothing(pool):
    with pytest.raises(psycopg2.errors.InsufficientPrivilege):
        pool.rows("SELECT sku FROM tally.products")
    with pytest.raises(psycopg2.Error):
        pool.rows("DELETE FROM tally.audit_runs RETURNING audit_id")


def process_of(pool) -> int:
    """Return which process of Postgres answers this pool now."""
    return pool.rows("SELECT pg_backend_pid() AS pid")[0]["pid"]


def test_a_connection_is_kept_and_used_again(pool):
    assert len({process_of(pool) for _ in range(5)}) == 1


def test_a_connection_is_thrown_away_after_an_error_and_the_pool_goes_on(pool):
    before = process_of(pool)
    with pytest.raises(psycopg2.Error):
        pool.rows("SELECT nothing FROM nowhere")
    after = process_of(pool)
    assert after != before and after == process_of(pool)


def test_a_kept_connection_that_postgres_ended_is_replaced_before_it_is_used(pool, shop):
    before = process_of(pool)
    shop.rows("SELECT pg_terminate_backend(%s, 5000)", values=(before,))
    assert process_of(pool) != before


def test_more_callers_than_connections_wait_for_one(shop):
    pool = Pool(DashboardSettings.from_env({"DATABASE_URL": shop.url, "TALLY_DASHBOARD_CONNECTIONS": "2"}))
    with ThreadPoolExecutor(8) as callers:
        asked = [callers.submit(pool.rows, "SELECT pg_backend_pid() AS pid, pg_sleep(0.05)") for _ in range(16)]
    assert len({answer.result()[0]["pid"] for answer in asked}) == 2
    pool.close()


def test_a_statement_that_takes_too_long_is_ended(shop):
    short = DashboardSettings.from_env({"DATABASE_URL": shop.url, "TALLY_DASHBOARD_TIMEOUT": "1"})
    pool = Pool(short)
    with pytest.raises(psycopg2.errors.QueryCanceled):
        pool.rows("SELECT pg_sleep(30)")
    pool.close()


def test_every_download_is_a_statement_with_these_parameters():
    for name, parameters in PARAMETERS.items():
        asked = set(re.findall(r"%\((\w+)\)s", statements()[name].text))
        assert asked == set(parameters), name


def test_no_statement_is_left_unused():
    source = "".join(path.read_text(encoding="utf-8") for path in FOLDER.parents[2].glob("dashboard/**/*.py"))
    assert [name for name in statements() if f'"{name}"' not in source] == []


DOCUMENTED = sorted(path for path in FOLDER.glob("*.sql") if path.stem not in statements())


@pytest.mark.parametrize("path", DOCUMENTED, ids=lambda path: path.stem)
def test_a_documented_query_runs_as_the_reader(path, shop):
    text = path.read_text(encoding="utf-8")
    lines = text.splitlines()
    assert lines[0].startswith("-- One row is") and lines[1].startswith("-- grain: ")
    assert "%(" not in text
    rows = shop.rows(text, "reader")
    if path.stem in ("lost_sales_of_today", "does_every_record_add_up"):
        assert rows == []
    else:
        assert rows


def test_there_are_ten_documented_queries():
    assert len(DOCUMENTED) == 10


COUNTED = (
    "INSERT INTO event_counts_1h (log_hour, log_partition, records, counted, rejected, late, last_offset,"
    " newest_append_time, event_count)"
    " VALUES ('2026-11-22T14:00+08:00', 0, 1, 1, 0, 0, 0, '2026-11-22T14:03+08:00', 1)"
)


MOVED = (
    "INSERT INTO stock_flow_1m (window_start, sku, sold, refunded, restocked, adjusted, shipped, unmet, gross_amount,"
    " discount_amount, refund_amount, lines, refunded_units, event_count, warehouse_id, log_date)"
    " VALUES (%s, %s, %s, %s, %s, %s, 0, 0, 0, 0, 0, 1, 0, 1, 'PVG1', '2026-11-22')"
)


@contextmanager
def stock(database, *movements: tuple) -> Iterator[None]:
    """Put rows of (minute, sku, sold, refunded, restocked, adjusted) into a database without any, and take them out."""
    for movement in movements:
        database.rows(MOVED, values=movement)
    try:
        yield
    finally:
        database.rows("TRUNCATE stock_flow_1m, stock_closed, stock_late, event_counts_1h")


def sell_through(database) -> dict[str, tuple]:
    text = (FOLDER / "sell_through_of_the_week.sql").read_text(encoding="utf-8")
    return {sku: rest for sku, *rest in database.rows(text, "reader")}


def test_an_opening_count_within_the_week_is_stock_to_sell(empty):
    before, first, later = (f"2026-11-{day}T09:00+08:00" for day in (10, 20, 21))
    with stock(
        empty,
        # opening 500, sold 50, restocked 10: 50 / 510
        (first, "NEW", 0, 0, 0, 500), (later, "NEW", 50, 0, 10, 0),
        # 100 before the week, a count that found 5 lost: 50 / 110
        (before, "OLD", 0, 0, 0, 100), (first, "OLD", 50, 0, 10, -5),
        # opening 40, 3 found later are no opening: 20 / 40
        (first, "FOUND", 0, 0, 0, 40), (later, "FOUND", 20, 0, 0, 3),
        # sold what nobody counted: no share of nothing
        (first, "BLIND", 7, 0, 0, 0),
    ):  # fmt: skip
        assert sell_through(empty) == {
            "NEW": [50, 10, Decimal("9.8")],
            "OLD": [50, 10, Decimal("45.5")],
            "FOUND": [20, 0, Decimal("50.0")],
            "BLIND": [7, 0, None],
        }


@pytest.mark.parametrize(
    ("minute", "today"),
    [("2026-11-22T13:59+08:00", True), ("2026-11-22T00:00+08:00", True), ("2026-11-21T23:59+08:00", False)],
)
def test_a_day_of_stock_movements_without_sales_has_events(minute, today, empty):
    pool = Pool(DashboardSettings.from_env({"DATABASE_URL": empty.url}))
    with stock(empty, (minute, "S", 0, 0, 5, 0)):
        empty.rows(COUNTED)
        (row,) = pool.rows(statements()["status"].text)
    pool.close()
    assert (row["data_to"], row["has_events_today"]) == (datetime.fromisoformat(minute), today)

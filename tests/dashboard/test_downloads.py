"""CSV of the panels."""

import csv
import io
from datetime import UTC, datetime
from types import SimpleNamespace
from zoneinfo import ZoneInfo

import pytest

from dashboard.downloads import address, answer, as_csv, cell
from dashboard.queries import shared_queries
from dashboard.settings import DashboardSettings
from dashboard.store import Reading

SHANGHAI = ZoneInfo("Asia/Shanghai")


@pytest.mark.parametrize("text", ["=HYPERLINK(1)", "+1", "-1", "@x", "\tx", "\r=1", "\n=1", "＝1", "＋1", "－1", "＠x"])
def test_a_text_that_a_spreadsheet_would_run_is_quoted(text):
    assert cell(text, SHANGHAI) == f"'{text}"


def test_numbers_and_plain_texts_stay_as_they_are():
    assert [cell(-14, SHANGHAI), cell("Cat litter", SHANGHAI), cell(None, SHANGHAI)] == [-14, "Cat litter", None]


def test_times_are_in_the_stores_zone():
    assert cell(datetime(2026, 11, 22, 6, 3, 7, tzinfo=UTC), SHANGHAI) == "2026-11-22T14:03:07+08:00"


def test_rows_become_csv_with_their_names_on_top():
    assert as_csv([{"sku": "=1", "units": 3}], SHANGHAI) == "sku,units\r\n'=1,3\r\n"


def test_an_address_names_only_what_is_chosen():
    assert address("regions_today", channel=None) == "/csv/regions_today.csv"
    assert address("regions_today", channel="a&b") == "/csv/regions_today.csv?channel=a%26b"


def test_a_download_holds_the_views_rows(shop):
    queries = shared_queries(DashboardSettings.from_env({"DATABASE_URL": shop.url}))
    response = answer(queries, "regions_today", {})
    rows = list(csv.DictReader(io.StringIO(response.body.decode("utf-8-sig"))))
    expected = shop.rows("SELECT region, gross_amount FROM regions_today")
    assert {(row["region"], int(row["gross_amount"])) for row in rows} == {(r, int(a)) for r, a in expected if a}
    assert response.headers["content-disposition"] == 'attachment; filename="regions_today.csv"'


def test_an_unknown_download_lists_those_that_exist(shop):
    response = answer(shared_queries(DashboardSettings.from_env({"DATABASE_URL": shop.url})), "secrets", {})
    assert response.status_code == 404
    assert response.body.decode().startswith("no such download; found 'secrets'; there are sales_curve_today, ")


def test_without_postgres_a_download_says_so():
    settings = DashboardSettings.from_env({"DATABASE_URL": "postgresql://u:p@127.0.0.1:1/tally"})
    response = answer(shared_queries(settings), "latest_orders", {})
    assert response.status_code == 503
    assert "try again in a few seconds" in response.body.decode()


def test_while_postgres_is_away_a_download_holds_no_old_rows():
    rows = {"store": [{"store_zone": "Asia/Shanghai"}], "regions_today": [{"region": "SH"}]}
    read_at = datetime(2026, 11, 22, 6, 3, 7, tzinfo=UTC).timestamp()
    queries = SimpleNamespace(read=lambda name, **_: Reading(rows[name], read_at, "connection refused"))
    response = answer(queries, "regions_today", {})
    assert response.status_code == 503
    assert response.body.decode() == (
        "no new data; connection refused; the last answer came at 14:03:07 and is not sent, as it may be old; "
        "try again in a few seconds\n"
    )


def test_an_old_answer_about_the_store_keeps_no_download_back():
    rows = {"store": [{"store_zone": "Asia/Shanghai"}], "regions_today": [{"region": "SH"}]}
    errors = {"store": "connection refused", "regions_today": None}
    queries = SimpleNamespace(read=lambda name, **_: Reading(rows[name], 0.0, errors[name]))
    assert answer(queries, "regions_today", {}).status_code == 200

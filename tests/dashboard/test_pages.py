"""Every page, run as Streamlit runs it, against a real Postgres in each of its states."""

import re
import socket
import time
from collections.abc import Iterator
from html import unescape
from urllib.parse import urlsplit

import pytest

from dashboard.catalogue import WORDS
from dashboard.downloads import PARAMETERS
from dashboard.queries import Queries
from dashboard.store import Reading
from tests.dashboard.conftest import html_of

PAGES = ("live", "inventory", "health", "wall")
NOWHERE = "postgresql://tally_dashboard:x@127.0.0.1:1/tally"
DEADLINE_SECONDS = 30


def plain(app) -> str:
    """Return a page's text without tags and style sheets."""
    html = re.sub(r"<style>.*?</style>", " ", html_of(app), flags=re.S)
    return re.sub(r"\s+", " ", unescape(re.sub(r"<[^>]+>", " ", html)))


def metrics(app) -> dict[str, str]:
    return {metric.label: metric.value for metric in app.metric}


def data_to(database) -> str:
    """Return the newest event time of the sales, on the store's wall."""
    ((newest,),) = database.rows(
        "SELECT to_char(max(newest_event_time) AT TIME ZONE 'Asia/Shanghai', 'HH24:MI:SS') FROM sales_10s"
    )
    return newest


@pytest.mark.parametrize("name", PAGES)
def test_a_page_shows_live_numbers(name, shop, open_page):
    app = open_page(name, shop.url)
    assert not app.exception
    text = plain(app)
    assert "LIVE" in text and f"data to {data_to(shop)}" in text
    assert "Can't read" not in text and "No events since" not in text


@pytest.mark.parametrize("name", PAGES)
def test_a_page_speaks_chinese(name, shop, open_page):
    app = open_page(name, shop.url, lang="zh")
    assert not app.exception
    text = plain(app)
    assert "实时" in text and f"数据截至 {data_to(shop)}" in text
    english = [en for en, zh in WORDS.values() if len(en) > 12 and en != zh and "{" not in en]
    assert [words for words in english if words in text] == []


def test_the_hero_and_the_figures_equal_sql(shop, open_page):
    app = open_page("live", shop.url)
    ((gross, orders, units, buyers),) = shop.rows(
        "SELECT (SELECT sum(gross_amount)::bigint FROM sales_10s WHERE window_start >= '2026-11-21T16:00:00Z'),"
        " (SELECT sum(orders)::bigint FROM sales_10s WHERE window_start >= '2026-11-21T16:00:00Z'),"
        " (SELECT sum(units)::bigint FROM sales_10s WHERE window_start >= '2026-11-21T16:00:00Z'),"
        " (SELECT count(DISTINCT buyer) FROM day_buyers WHERE store_day = '2026-11-22')"
    )
    shown = metrics(app)
    assert shown["Orders"] == f"{orders:,}"
    assert shown["Units"] == f"{units:,}"
    assert shown["Buyers"] == f"{buyers:,}"
    counter = next(element for element in app.get("bidi_component") if "hero" in element.proto.id)
    assert f'"minor":"{gross}"' in counter.proto.json.replace(" ", "")


def test_the_seal_is_shown_after_an_equal_audit(shop, open_page):
    assert "Reconciled to the cent at 14:00" in plain(open_page("live", shop.url))


def test_the_seal_is_gone_when_the_newest_audit_differs(shop, open_page):
    shop.rows("UPDATE audit_log SET verdict = 'differs' WHERE audit_id = 'audit-00'")
    shop.rows("UPDATE audit_results SET wrong = 3 WHERE audit_id = 'audit-00' AND table_name = 'sales_10s'")
    try:
        assert "Reconciled" not in plain(open_page("live", shop.url))
        text = plain(open_page("health", shop.url))
        assert "3 rows differ" in text and "23 of 24 equal" in text
        assert "3 行不一致" in plain(open_page("health", shop.url, lang="zh"))
    finally:
        shop.rows("UPDATE audit_log SET verdict = 'equal' WHERE audit_id = 'audit-00'")
        shop.rows("UPDATE audit_results SET wrong = 0 WHERE audit_id = 'audit-00'")


def test_an_audit_that_differed_is_not_hidden_by_those_around_it(shop, open_page):
    shop.rows(
        "INSERT INTO audit_log VALUES"
        " ('by-hand', '2026-11-22T13:02:50+08:00', '2026-11-22T13:03:08+08:00', 'differs', NULL)"
    )
    try:
        page = open_page("health", shop.url)
        assert "24 of 25 equal" in plain(page)
        assert 'class="differs" title="13:00 differs"' in html_of(page)
    finally:
        shop.rows("DELETE FROM audit_log WHERE audit_id = 'by-hand'")


def test_a_channel_filter_comes_from_the_url_and_what_it_cannot_answer_is_a_dash(shop, open_page):
    app = open_page("live", shop.url, channel="web", compare="lastweek")
    assert app.selectbox[0].value == "web"
    ((orders,),) = shop.rows(
        "SELECT sum(orders)::bigint FROM sales_10s WHERE channel = 'web' AND window_start >= '2026-11-21T16:00:00Z'"
    )
    shown = metrics(app)
    assert shown["Orders"] == f"{orders:,}"
    assert (shown["Buyers"], shown["Peak orders/s"]) == ("—", "—")
    assert "all channels" in plain(app)


def test_the_newest_orders_are_those_of_all_channels_and_say_so(shop, open_page):
    page = html_of(open_page("live", shop.url, channel="web"))
    assert "newest first, all channels" in page
    ((newest,),) = shop.rows(
        "SELECT to_char(max(ordered_at) AT TIME ZONE 'Asia/Shanghai', 'HH24:MI:SS') FROM latest_orders"
    )
    ticker = page.partition("ts-ticker")[2]
    assert re.search(r"\d\d:\d\d:\d\d", ticker)[0] == newest


COLD = [("live", "channels", "channel", "web"), ("inventory", "warehouses", "wh", "PVG1")]


@pytest.mark.parametrize("cold", [Reading(), Reading(error="connection refused")], ids=["loading", "error"])
@pytest.mark.parametrize(("name", "statement", "parameter", "code"), COLD)
def test_a_filter_in_the_url_outlives_a_cold_start(
    name, statement, parameter, code, cold, shop, open_page, monkeypatch
):
    read, is_cold = Queries.read, [True]
    monkeypatch.setattr(Queries, "read", lambda q, n, **p: cold if is_cold and n == statement else read(q, n, **p))
    app = open_page(name, shop.url, **{parameter: code})
    assert app.selectbox[0].value == code
    is_cold.clear()
    app.run()
    assert not app.exception
    assert app.selectbox[0].value == code and len(app.selectbox[0].options) > 2
    assert app.query_params[parameter] in (code, [code])


@pytest.mark.parametrize(("name", "statement", "parameter", "code"), COLD)
def test_a_list_of_filters_grows_by_itself(name, statement, parameter, code, shop, open_page, monkeypatch):
    app, read, reads = open_page(name, shop.url), Queries.read, []

    def read_late(queries, asked, **parameters):
        reads.extend([asked] if asked == statement else [])
        return Reading() if asked == statement and len(reads) == 1 else read(queries, asked, **parameters)

    monkeypatch.setattr(Queries, "read", read_late)
    app.run()  # what ticks finds the list that the controls above it were drawn without
    assert not app.exception
    assert len(app.selectbox[0].options) > 2


def test_conservation_is_shown_with_its_difference(shop, open_page):
    text = plain(open_page("health", shop.url))
    ((counted, duplicates, rejected),) = shop.rows(
        "SELECT sum(counted)::bigint, sum(records - counted - rejected)::bigint, sum(rejected)::bigint"
        " FROM event_counts_1h WHERE log_hour >= '2026-11-21T16:00:00Z'"
    )
    assert f"In the log {counted + duplicates + rejected:,} = Counted {counted:,}" in text
    assert f"Duplicate {duplicates:,}" in text and f"Rejected {rejected:,}" in text
    assert "✓ Difference 0" in text


def test_a_lost_record_is_a_red_difference(shop, open_page):
    shop.rows("UPDATE log_counts_1h SET records = records + 2 WHERE log_hour = '2026-11-22T03:00:00Z'")
    try:
        html = html_of(open_page("health", shop.url))
        assert re.search(r'ts-fault"><i aria-hidden="true">✗</i>Difference 2<', html)
    finally:
        shop.rows("UPDATE log_counts_1h SET records = records - 2 WHERE log_hour = '2026-11-22T03:00:00Z'")


@pytest.mark.parametrize(
    ("earlier_runs", "words"), [(0, "0 restarts"), (1, "1 restart in all"), (2, "2 restarts in all")]
)
def test_each_run_of_the_job_after_the_first_is_a_restart(earlier_runs, words, shop, open_page):
    for n in range(earlier_runs):
        shop.rows(
            "INSERT INTO job_runs (job_id, name, state, started_at, heartbeat_at)"
            " VALUES (%(id)s, 'tallystream', 'FAILED', %(day)s, %(day)s)",
            values={"id": f"earlier-{n}", "day": f"2026-11-{10 + n}"},
        )
    try:
        notes = {metric.label: metric.delta for metric in open_page("health", shop.url).metric}
        assert notes["Flink job"].startswith("up 4 d 6 h, ") and words in notes["Flink job"]
    finally:
        shop.rows("DELETE FROM job_runs WHERE job_id LIKE 'earlier-%'")


def test_stock_out_of_the_table_needs_action(shop, open_page):
    app = open_page("inventory", shop.url)
    ((oversold,),) = shop.rows("SELECT count(*) FROM stock_on_hand WHERE available < 0")
    assert metrics(app)["Oversold"] == str(oversold)
    assert app.dataframe[0].value["available"].iloc[0] < 0
    ((on_hand,),) = shop.rows("SELECT sum(restocked + refunded + adjusted - sold)::bigint FROM stock_flow_1m")
    assert f"stock_on_hand = {on_hand:,}" in plain(app)


def test_a_state_chosen_in_the_url_filters_the_table(shop, open_page):
    app = open_page("inventory", shop.url, state="out_of_stock", wh="PVG1")
    if app.dataframe:
        assert set(app.dataframe[0].value["available"]) == {0}
    else:
        assert "Nothing matches State: Out of stock, Warehouse: Shanghai. Clear the filter." in plain(app)


@pytest.mark.parametrize("name", PAGES)
def test_an_empty_database_has_no_numbers_and_no_faults(name, empty, open_page):
    app = open_page(name, empty.url)
    assert not app.exception
    text = plain(app)
    assert "NO DATA" in text and "Can't read" not in text
    assert "0.00" not in text
    if name != "inventory":
        assert "—" in set(metrics(app).values()) or name == "wall"


def test_an_empty_day_says_what_will_come(empty, open_page):
    text = plain(open_page("live", empty.url))
    assert "No events since 00:00 Numbers appear with the first event." in text
    assert "No orders yet" in text
    assert "No audit yet Run tally audit." in plain(open_page("health", empty.url))


@pytest.mark.parametrize("name", PAGES)
def test_without_postgres_every_panel_says_so_and_nothing_breaks(name, open_page):
    app = open_page(name, NOWHERE)
    assert not app.exception
    text = plain(app)
    assert "OFFLINE" in text
    assert "Postgres does not answer. Numbers return by themselves. Next try in 2 s." in text
    assert "Can't read this panel" in text
    assert set(metrics(app).values()) <= {"—"}


@pytest.fixture
def silent() -> Iterator[str]:
    """Return the address of a server that takes calls and never says a word."""
    with socket.create_server(("127.0.0.1", 0)) as server:
        yield f"postgresql://tally_dashboard:x@127.0.0.1:{server.getsockname()[1]}/tally"


@pytest.mark.parametrize("name", PAGES)
def test_the_first_read_under_way_is_a_skeleton(name, silent, open_page):
    app = open_page(name, silent, settled=False)
    assert not app.exception
    assert "CONNECTING" in plain(app)
    assert 'class="ts-skel"' in html_of(app)
    assert set(metrics(app).values()) <= {"—"}


@pytest.mark.parametrize("name", ["live", "wall"])
def test_a_page_keeps_its_last_numbers_while_postgres_is_gone_and_heals(name, shop, open_page):
    app = open_page(name, shop.url)
    before = plain(app)
    assert "LIVE" in before
    shop.server.stop()
    try:
        run_until(app, lambda text: "STALE" in text and "Postgres has not answered for" in text)
        assert not app.exception
        assert "These are the last good numbers" in plain(app)
        if name == "live":
            assert metrics(app)["Orders"] != "—"
            assert "s old" in plain(app)
    finally:
        shop.server.start()
    run_until(app, lambda text: "LIVE" in text and "STALE" not in text)


def run_until(app, is_there) -> None:
    """Run a page again until its text satisfies a condition; fail at the deadline."""
    deadline = time.monotonic() + DEADLINE_SECONDS
    while True:
        app.run()
        if is_there(plain(app)):
            return
        assert time.monotonic() < deadline, plain(app)[:2000]


@pytest.mark.parametrize(
    ("name", "statement"),
    [("live", "sales_today"), ("live", "sales_sparklines"), ("inventory", "stock_counts"), ("health", "lag_recent")],
)
def test_old_figures_of_a_strip_say_their_age(name, statement, shop, open_page, monkeypatch):
    assert 'class="ts-striptag" hidden' in html_of(open_page(name, shop.url))
    read = Queries.read

    def read_long_ago(queries, asked, **parameters):
        reading = read(queries, asked, **parameters)
        return reading if asked != statement else Reading(reading.value, time.time() - 115, "connection refused")

    monkeypatch.setattr(Queries, "read", read_long_ago)
    page = html_of(open_page(name, shop.url))
    assert re.search(r'class="ts-striptag"><mark>STALE</mark> 1 min 5\d s old', page)


def test_figures_that_were_never_read_have_no_age(open_page):
    assert 'class="ts-striptag" hidden' in html_of(open_page("live", NOWHERE))


def test_history_that_is_still_loading_is_told_in_the_bar_and_comparisons_are_dashes(shop, open_page):
    shop.rows("INSERT INTO history_days VALUES ('2026-11-21', 580, NULL), ('2026-11-20', 420, '2026-11-22T00:00:00Z')")
    try:
        app = open_page("live", shop.url)
        text = plain(app)
        assert "history 42%" in text
        assert "– vs yesterday, 14:03 –" in text
        assert "vs last Sunday, 14:03 ¥" in text
    finally:
        shop.rows("DELETE FROM history_days")


@pytest.mark.parametrize("name", ["live", "wall"])
def test_history_of_which_nothing_is_loaded_yet_is_0_percent(name, shop, open_page):
    shop.rows("INSERT INTO history_days VALUES ('2026-11-21', 580, NULL), ('2026-11-20', 420, NULL)")
    try:
        app = open_page(name, shop.url)
        assert not app.exception
        assert "history 0%" in plain(app)
    finally:
        shop.rows("DELETE FROM history_days")


def test_every_figure_has_its_definition_in_both_languages(shop, open_page):
    for language in ("en", "zh"):
        for name in ("live", "inventory", "health"):
            app = open_page(name, shop.url, lang=language)
            assert [metric.label for metric in app.metric if not metric.help] == [], (name, language)
            heads = re.findall(r'<div class="ts-head"><h2([^>]*)>([^<]*)', html_of(app))
            assert [title for attribute, title in heads if "title=" not in attribute] == [], (name, language)


def test_definitions_used_in_the_code_exist(shop):
    import ast

    from tests.dashboard.test_package import MODULES

    known = set(shop.rows("SELECT object_name, column_name FROM data_dictionary WHERE column_name IS NOT NULL"))
    views = {view for view, _ in known}
    used = set()
    for path in MODULES:
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
            if (
                isinstance(node, ast.Tuple)
                and len(node.elts) == 2
                and all(isinstance(e, ast.Constant) for e in node.elts)
            ):
                pair = tuple(e.value for e in node.elts)
                if pair[0] in views and isinstance(pair[1], str):
                    used.add(pair)
    assert len(used) > 10
    assert used - known == set()


def test_a_product_name_cannot_carry_markup(shop, open_page):
    ((sku, name),) = shop.rows("SELECT sku, name_en FROM top_products_today LIMIT 1")
    shop.rows("UPDATE products SET name_en = %s WHERE sku = %s", values=("<img src=x onerror=alert(1)>", sku))
    try:
        html = html_of(open_page("live", shop.url))
        assert "<img" not in html and "&lt;img src=x onerror=alert(1)&gt;" in html
    finally:
        shop.rows("UPDATE products SET name_en = %s WHERE sku = %s", values=(name, sku))


def test_a_region_outside_the_map_is_listed(shop, open_page):
    shop.rows("UPDATE sales_10s SET region = 'Atlantis' WHERE region = 'MO' AND window_start >= '2026-11-21T16:00:00Z'")
    try:
        text = plain(open_page("live", shop.url))
        assert "Outside the map Atlantis" in text
    finally:
        shop.rows("UPDATE sales_10s SET region = 'MO' WHERE region = 'Atlantis'")


@pytest.mark.parametrize("name", PAGES)
def test_every_csv_link_of_a_page_is_a_download(name, shop, open_page):
    links = re.findall(r'class="ts-csv" href="([^"]*)"', html_of(open_page(name, shop.url)))
    assert len(links) >= (0 if name == "wall" else 3)
    assert [link for link in links if not link.startswith("/csv/")] == []
    assert {urlsplit(link).path.removeprefix("/csv/").removesuffix(".csv") for link in links} <= set(PARAMETERS)


def test_pause_stops_the_clock_and_says_so(shop, open_page):
    app = open_page("live", shop.url)
    app.toggle[0].set_value(True).run()
    assert "PAUSED" in plain(app) and not app.exception

"""The state word, the banner and the panels' states."""

from datetime import UTC, datetime
from decimal import Decimal
from types import SimpleNamespace
from zoneinfo import ZoneInfo

import pytest

from dashboard.currency import Currency
from dashboard.formats import percent
from dashboard.health_panels import freshness_line
from dashboard.health_proofs import ticks_html
from dashboard.locales import Locale
from dashboard.shaping.status import Status, judge, standing
from dashboard.store import Reading

EN = Locale("en", Currency("CNY"), ZoneInfo("Asia/Shanghai"))
ZH = Locale("zh", Currency("CNY"), ZoneInfo("Asia/Shanghai"))
NOW = datetime(2026, 11, 22, 6, 3, 7, tzinfo=UTC)  # 14:03:07 in Shanghai
SECONDS = NOW.timestamp()


def row(**over):
    return {
        "data_to": NOW,
        "lag_seconds": Decimal("1.1"),
        "sample_age_seconds": Decimal("0.6"),
        "events_per_second": Decimal(26),
        "job_state": "RUNNING",
        "job_is_alive": True,
        "heartbeat_age_seconds": Decimal("0.6"),
        "has_events_today": True,
        "history_share": None,
        **over,
    }


def status(paused=False, locale=EN, **over) -> Status:
    return judge(Reading([row(**over)], SECONDS), paused, SECONDS, 10, locale)


@pytest.mark.parametrize(
    ("over", "word", "tone"),
    [
        ({}, "LIVE", "live"),
        ({"lag_seconds": Decimal("9.9")}, "LIVE", "live"),
        ({"lag_seconds": Decimal(10)}, "STALE", "warn"),
        ({"job_state": "FAILED", "job_is_alive": False}, "OFFLINE", "crit"),
        ({"job_state": "RESTARTING", "job_is_alive": False}, "OFFLINE", "crit"),
        ({"job_is_alive": False, "heartbeat_age_seconds": Decimal(40)}, "OFFLINE", "crit"),
        ({"job_state": None, "job_is_alive": None}, "OFFLINE", "crit"),
        ({"job_state": None, "job_is_alive": None, "data_to": None, "has_events_today": False}, "NODATA", "idle"),
        ({"has_events_today": False}, "NODATA", "idle"),
        # the archive stopped measuring: its last lag of 1.1 s says nothing about now
        ({"sample_age_seconds": Decimal(30)}, "STALE", "warn"),
    ],
)
def test_the_word_follows_from_lag_and_heartbeat(over, word, tone):
    found = status(**over)
    assert (found.word, found.tone) == (word, tone)


def test_a_quiet_shop_is_not_stale():
    # the newest event is an hour old, nothing waits, the job is alive
    found = status(
        data_to=datetime(2026, 11, 22, 5, 3, tzinfo=UTC), lag_seconds=Decimal(0), events_per_second=Decimal(0)
    )
    assert (found.word, found.banner, found.tag) == ("LIVE", None, None)


def test_a_paused_page_says_so():
    assert (status(paused=True).word, status(paused=True).tone) == ("PAUSED", "idle")


def test_no_answer_yet_is_connecting_and_never_an_answer_is_offline():
    assert judge(Reading(), False, SECONDS, 10, EN).word == "CONNECTING"
    found = judge(Reading(error="refused"), False, SECONDS, 10, EN)
    assert (found.word, found.banner.kind) == ("OFFLINE", "error")
    assert found.banner.text == "Postgres does not answer. Numbers return by themselves. Next try in 2 s."


def test_an_outage_shows_the_last_good_numbers_with_their_age():
    found = judge(Reading([row()], SECONDS, "refused"), False, SECONDS + 115, 10, EN)
    assert (found.word, found.tag, found.events_per_second) == ("STALE", "1 min 55 s old", None)
    assert found.banner.text == (
        "Postgres has not answered for 1 min 55 s. These are the last good numbers, as of 14:03:07. Next try in 2 s."
    )
    assert round(found.lag_seconds, 1) == 116.1


def test_an_outage_in_chinese():
    found = judge(Reading([row()], SECONDS, "refused"), False, SECONDS + 115, 10, ZH)
    assert found.banner.text == "Postgres 已 1 分 55 秒 无响应。以下为 14:03:07 的最近有效数据，2 秒后重试。"
    assert found.tag == "1 分 55 秒前"


def test_a_job_that_stopped_is_named_with_its_state():
    assert "its state is FAILED" in status(job_state="FAILED", job_is_alive=False).banner.text
    late = status(job_is_alive=False, heartbeat_age_seconds=Decimal(40))
    assert late.banner.text.startswith("The Flink job has given no sign of life for 40 s.")


@pytest.mark.parametrize(("share", "shown"), [("0.42", "42%"), ("0E-20", "0%")])
def test_history_is_shown_while_it_loads(share, shown):
    assert percent(status(history_share=Decimal(share)).history, 0) == shown


def test_history_that_is_all_there_is_not_shown():
    assert status().history is None


OK, OLD = Reading([1], SECONDS), Reading([1], SECONDS - 115, "refused")


@pytest.mark.parametrize(
    ("readings", "is_empty", "kind"),
    [
        ([OK], False, "ok"),
        ([OK], True, "empty"),
        ([OK, OLD], False, "stale"),
        ([OK, Reading()], False, "loading"),
        ([OLD, Reading(error="refused")], False, "error"),
    ],
)
def test_the_worst_reading_of_a_panel_counts(readings, is_empty, kind):
    assert standing(readings, status(), SECONDS, EN, is_empty).kind == kind


def test_a_panel_says_how_old_its_oldest_number_is():
    assert standing([OK, OLD], status(), SECONDS, EN).tag == "1 min 55 s old"


def test_late_data_marks_every_panel():
    found = standing([OK], status(lag_seconds=Decimal(80)), SECONDS, EN)
    assert (found.kind, found.tag) == ("stale", "1 min 20 s behind")


@pytest.mark.parametrize("is_late", [False, True])
def test_old_rows_of_a_quiet_shop_are_not_marked_and_late_ones_are(is_late):
    row = {"table_name": "sales_10s", "age_seconds": Decimal("12.5"), "limit_seconds": Decimal(5), "is_late": is_late}
    cells = freshness_line(SimpleNamespace(locale=EN), row)
    assert ("ts-over" in cells[1]) is is_late and "12.5 s" in cells[2]


@pytest.mark.parametrize(
    ("verdicts", "words", "good"),
    [
        (["equal", "equal"], "2 of 2 equal", True),
        (["equal", "failed"], "1 of 2 equal", False),
        ([], "None in the last 24 hours: run tally audit", False),
    ],
)
def test_audits_are_proof_only_where_there_are_some_and_all_are_equal(verdicts, words, good):
    rows = [{"verdict": one, "started_at": NOW, "finished_at": NOW, "compared": 1, "differing": 0} for one in verdicts]
    html = ticks_html(SimpleNamespace(locale=EN, now=NOW), rows)
    assert f"</i>{words}</p>" in html
    assert ('class="ts-proof ts-fault"' not in html) is good

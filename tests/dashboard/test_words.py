"""Every visible word exists in both languages, and every word asked for exists."""

import ast
import re
from pathlib import Path
from string import Formatter
from zoneinfo import ZoneInfo

import pytest

from dashboard.catalogue import MONTHS, WEEKDAYS, WORDS
from dashboard.currency import Currency
from dashboard.locales import Locale
from dashboard.reasons import PATTERNS

PACKAGE = Path(__file__).parents[2] / "dashboard"
SHANGHAI = ZoneInfo("Asia/Shanghai")
EN, ZH = (Locale(language, Currency("CNY"), SHANGHAI) for language in ("en", "zh"))
# Keys that are put together from data: channels, categories, states, verdicts.
COMPOSED = re.compile(r"^(ch_|cat_|s_|k_|tick_|restarts_|empty_|error_)")


def holes(text: str) -> set[str]:
    return {name for _, name, _, _ in Formatter().parse(text) if name}


@pytest.mark.parametrize("key", WORDS)
def test_every_word_is_there_in_both_languages_with_the_same_holes(key):
    english, chinese = WORDS[key]
    assert english and chinese
    assert holes(english) == holes(chinese) or key in ("late", "audits_n")
    assert set(holes(english)) == set(holes(chinese))


def asked_for() -> set[str]:
    """Return the first argument of every call of t(…) in the package that is a plain text."""
    keys = set()
    for path in PACKAGE.rglob("*.py"):
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
            if isinstance(node, ast.Constant) and isinstance(node.value, str):
                keys.add(node.value)
    return keys


def test_every_word_of_the_catalogue_is_used():
    texts = asked_for()
    assert [key for key in WORDS if not COMPOSED.match(key) and key not in texts] == []


def test_a_missing_word_is_an_error_and_not_a_blank():
    with pytest.raises(KeyError, match="no such word"):
        EN.t("no such word")


def test_days_are_named_in_both_languages():
    from datetime import date

    day = date(2026, 11, 22)
    assert EN.day(day) == "Sunday 22 November"
    assert ZH.day(day) == "11 月 22 日 周日"
    assert len(WEEKDAYS) == 7 and len(MONTHS) == 12


def test_durations_are_words_in_chinese_but_instruments_keep_their_unit():
    assert ZH.duration(115) == "1 分 55 秒"
    assert ZH.duration(4 * 86400 + 6 * 3600) == "4 天 6 小时"
    assert ZH.measured(1.1) == "1.1 s"
    assert ZH.measured(115) == "1 分 55 秒"
    assert EN.measured(115) == "1 min 55 s"


def test_a_channel_without_words_keeps_its_code():
    assert [EN.channel("mini_program"), ZH.channel("mini_program"), ZH.channel("kiosk")] == [
        "Mini program",
        "小程序",
        "kiosk",
    ]


def test_a_product_without_a_name_keeps_its_sku():
    assert EN.name(None, None, "SKU-1") == "SKU-1"
    assert EN.name(None, "猫砂", "SKU-1") == "猫砂"
    assert ZH.name("Cat litter", "猫砂", "SKU-1") == "猫砂"


@pytest.mark.parametrize(
    ("english", "chinese"),
    [
        ("currency is not CNY, the one of this deployment", "币种不是 CNY"),
        ("event_time is more than 5 minutes after the append time", "event_time 超前写入时间 5 分钟以上"),
        ("sku is missing", "缺少 sku"),
        ("the record has no value (null)", "记录没有值（null）"),
        ("quantity is not within 1 to 1,000,000", "quantity 不在 1 至 1,000,000 之间"),
        ("something new", "something new"),
    ],
)
def test_reasons_are_said_in_chinese_where_their_words_are_known(english, chinese):
    assert ZH.reason(english) == chinese
    assert EN.reason(english) == english


def test_every_reason_of_the_job_has_its_chinese():
    source = "".join(path.read_text(encoding="utf-8") for path in (PACKAGE.parent / "pipeline").glob("*.py"))
    reasons = re.findall(r'(?:NotAnEvent|ParsedEvent)\(\s*f?"([^"]+)"', source)
    assert "the record has no value (null)" in reasons
    assert len(reasons) > 15
    plain = [re.sub(r"\{[^}]*\}", "7", reason).partition(":")[0] for reason in reasons]
    unknown = [reason for reason in plain if reason.strip() and not any(re.fullmatch(p, reason) for p, _ in PATTERNS)]
    assert unknown == []

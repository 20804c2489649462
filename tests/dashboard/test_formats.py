"""Numbers as people read them; expected texts are written by hand."""

from decimal import Decimal
from fractions import Fraction

import pytest

from dashboard import formats
from dashboard.currency import Currency

CNY, JPY, KWD, CHF = Currency("CNY"), Currency("JPY"), Currency("KWD"), Currency("CHF")


@pytest.mark.parametrize(
    ("minor", "currency", "text"),
    [
        (11_134_475_555, CNY, "¥111,344,755.55"),
        (149_700, CNY, "¥1,497.00"),
        (5, CNY, "¥0.05"),
        (0, CNY, "¥0.00"),
        (-149_705, CNY, "−¥1,497.05"),
        (1_234_567, JPY, "¥1,234,567"),
        (1_234_567, KWD, "KWD\u00a01,234.567"),
        (100, CHF, "CHF\u00a01.00"),
        # beyond what a float can hold
        (9_007_199_254_740_993, CNY, "¥90,071,992,547,409.93"),
        (None, CNY, "–"),
    ],
)
def test_money_is_written_to_the_last_digit(minor, currency, text):
    assert formats.money(minor, currency) == text


@pytest.mark.parametrize(
    ("minor", "language", "digits", "text"),
    [
        (9_910_700_000, "en", 2, "¥99.11 M"),
        (9_910_700_000, "zh", 2, "¥9,910.70 万"),
        (11_134_475_555, "zh", 2, "¥1.11 亿"),
        (11_134_475_555, "zh", 0, "¥1.11 亿"),
        (20_900_000, "en", 0, "¥209 k"),
        (20_900_000, "zh", 0, "¥21 万"),
        # three significant digits, whatever the step
        (20_900_000, "en", "three", "¥209 k"),
        (20_900_000, "zh", "three", "¥20.9 万"),
        (149_000_000, "en", "three", "¥1.49 M"),
        (1_490_000_000, "en", "three", "¥14.9 M"),
        (149_000_000, "zh", "three", "¥149 万"),
        (1_490_000, "zh", "three", "¥1.49 万"),
        (14_900_000_000, "zh", "three", "¥1.49 亿"),
        (140_000, "en", "three", "¥1.40 k"),
        (99_900, "en", "three", "¥999"),
        (12_345, "en", 2, "¥123"),
        # 999,999.60 is a million when it is rounded, not 1,000 k
        (99_999_960, "en", 0, "¥1 M"),
        # targets and milestones are never rounded
        (22_500_000_000, "zh", None, "¥2.25 亿"),
        (15_000_000_000, "zh", None, "¥1.5 亿"),
        (22_500_000_000, "en", None, "¥225 M"),
        (1_287_500_000, "en", None, "¥12.875 M"),
        (-9_910_700_000, "en", 2, "−¥99.11 M"),
        (None, "en", 2, "–"),
        (0, "zh", 2, "¥0"),
    ],
)
def test_large_amounts_are_short_and_exact_where_they_must_be(minor, language, digits, text):
    assert formats.short_money(minor, CNY, language, digits) == text


def test_short_amounts_know_the_currency_of_no_minor_unit():
    assert formats.short_money(1_500_000, JPY, "en") == "¥1.50 M"


@pytest.mark.parametrize(
    ("share", "signed", "text"),
    [
        (Fraction(123, 1000), True, "+12.3%"),
        (Fraction(-31, 1000), True, "−3.1%"),
        (Fraction(0), True, "0.0%"),
        (Fraction(495, 1000), False, "49.5%"),
        (Fraction(-1, 100_000), True, "0.0%"),
        (None, True, "–"),
    ],
)
def test_percent_has_one_decimal_and_a_real_minus(share, signed, text):
    assert formats.percent(share, signed=signed) == text


@pytest.mark.parametrize(
    ("value", "text"),
    [
        (1.1, "1.1 s"),
        (0, "0.0 s"),
        (-0.4, "0.0 s"),
        (59.96, "1 min"),
        (115, "1 min 55 s"),
        (120, "2 min"),
        (7500, "2 h 5 min"),
        (4 * 86400 + 6 * 3600, "4 d 6 h"),
        (None, "–"),
    ],
)
def test_durations_name_their_units(value, text):
    assert formats.seconds(value) == text


def test_no_number_is_a_dash_and_never_a_zero():
    assert [formats.count(None), formats.count(0)] == ["–", "0"]


def test_a_count_carries_its_sign_when_asked():
    assert [formats.count(4, signed=True), formats.count(-4, signed=True), formats.count(-1234)] == [
        "+4",
        "−4",
        "−1,234",
    ]


def test_a_change_against_nothing_is_none():
    assert formats.change_of(5, None) is None
    assert formats.change_of(5, 0) is None
    assert formats.change_of(None, 5) is None


def test_a_change_is_exact():
    assert formats.change_of(11_230, 10_000) == Fraction(123, 1000)


@pytest.mark.parametrize(
    ("rate", "text"), [(Decimal("26.4"), "26"), (Decimal("1.84"), "1.8"), (Decimal(0), "0"), (None, "–")]
)
def test_rates_below_ten_keep_a_decimal(rate, text):
    assert formats.per_second(rate) == text


@pytest.mark.parametrize(
    ("size", "text"), [(84 * 1024 * 1024, "84 MB"), (1_500_000, "1.4 MB"), (2048, "2 kB"), (0, "0 MB"), (None, "–")]
)
def test_sizes_are_in_megabytes(size, text):
    assert formats.megabytes(size) == text


@pytest.mark.parametrize(
    ("code", "digits", "sign"),
    [
        ("CNY", 2, "¥"),
        ("JPY", 0, "¥"),
        ("KWD", 3, "KWD\u00a0"),
        ("EUR", 2, "€"),
        ("CLF", 4, "CLF\u00a0"),
        ("KRW", 0, "₩"),
    ],
)
def test_minor_digits_follow_iso_4217(code, digits, sign):
    assert (Currency(code).digits, Currency(code).sign) == (digits, sign)

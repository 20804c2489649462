"""Numbers, shares, durations and times as text. Money comes in integer minor units and never becomes a float."""

from datetime import datetime
from decimal import ROUND_HALF_UP, Decimal
from fractions import Fraction
from typing import Literal

from dashboard.currency import Currency

Digits = int | Literal["three"] | None
MINUS, DASH = "\u2212", "\u2013"
SIZES = {"en": ((10**6, "M"), (10**3, "k")), "zh": ((10**8, "亿"), (10**4, "万"))}
MINUTE, HOUR, DAY = 60, 3600, 86_400
MEGABYTE = 1024 * 1024


def count(value: int | None, signed: bool = False) -> str:
    """Return a whole number with thousands separators; a dash for none."""
    if value is None:
        return DASH
    sign = MINUS if value < 0 else "+" if signed and value > 0 else ""
    return f"{sign}{abs(value):,}"


def money(minor: int | None, currency: Currency) -> str:
    """Return an amount of minor units to the last digit, such as ¥1,497.00; a dash for none."""
    if minor is None:
        return DASH
    whole, part = divmod(abs(minor), 10**currency.digits)
    tail = f".{part:0{currency.digits}d}" if currency.digits else ""
    return f"{MINUS if minor < 0 else ''}{currency.sign}{whole:,}{tail}"


def short_money(minor: int | None, currency: Currency, language: str, digits: Digits = 2) -> str:
    """Return an amount in ¥ M or k, in Chinese 亿 (always two decimals) or 万; a dash for none.

    `digits=None` prints it exactly, for targets, milestones and ticks: ¥1.5 亿 rounded to ¥2 亿 would be wrong.
    `digits="three"` prints three digits in all where there is little room: ¥209 k, and ¥1.49 M rather than ¥1 M.
    """
    if minor is None:
        return DASH
    major = Decimal(abs(minor)).scaleb(-currency.digits)
    sign = f"{MINUS if minor < 0 else ''}{currency.sign}"
    for size, unit in SIZES[language]:
        # Compared after rounding, so that 999,999.6 is 1 M and not 1,000 k.
        if rounded(major, 0) >= size:
            return f"{sign}{scaled(major / size, 2 if unit == '亿' and digits is not None else digits)} {unit}"
    return f"{sign}{scaled(major, digits and 0)}"


def scaled(value: Decimal, digits: Digits) -> str:
    """Return a decimal with so many digits after the point; None: all it has; three: three before and after it."""
    if digits is None:
        return f"{value.normalize():,f}"
    return f"{rounded(value, min(2, max(0, 2 - value.adjusted())) if digits == 'three' else digits):,f}"


def rounded(value: Decimal, digits: int) -> Decimal:
    """Round half up, as people do."""
    return value.quantize(Decimal(1).scaleb(-digits), ROUND_HALF_UP)


def ratio(part: int | None, whole: int | None) -> Fraction | None:
    """Return part / whole exactly; none where either is missing or the whole is 0."""
    return None if part is None or not whole else Fraction(part, whole)


def change_of(now: int | Fraction | None, before: int | Fraction | None) -> Fraction | None:
    """Return now / before − 1 exactly; none where there is nothing to compare with."""
    return None if now is None or before is None or before <= 0 else Fraction(now) / Fraction(before) - 1


def percent(share: Fraction | None, digits: int = 1, signed: bool = False) -> str:
    """Return a share such as 0.123 as 12.3%; a dash for none."""
    if share is None:
        return DASH
    value = rounded(as_decimal(share * 100), digits)
    sign = MINUS if value < 0 else "+" if signed and value > 0 else ""
    return f"{sign}{abs(value):,}%"


def as_decimal(share: Fraction) -> Decimal:
    """Return a fraction as a decimal of 28 digits."""
    return Decimal(share.numerator) / Decimal(share.denominator)


def seconds(value: float | None, digits: int = 1) -> str:
    """Return a duration: 1.1 s, 1 min 55 s, 2 h 5 min, 4 d 6 h; a dash for none."""
    if value is None:
        return DASH
    if value < MINUTE:
        shown = f"{max(value, 0.0):.{digits}f}"
        return f"{shown} s" if float(shown) < MINUTE else "1 min"
    for size, unit, small, name in ((DAY, "d", HOUR, "h"), (HOUR, "h", MINUTE, "min"), (MINUTE, "min", 1, "s")):
        if value >= size:
            rest = int(value % size // small)
            return f"{int(value // size)} {unit}" + (f" {rest} {name}" if rest else "")
    raise AssertionError(value)


def per_second(rate: Decimal | None) -> str:
    """Return a rate, with one decimal below 10; a dash for none."""
    return DASH if rate is None else f"{rounded(rate, 0 if rate >= 10 or not rate else 1):,}"


def megabytes(size: int | None) -> str:
    """Return a size in bytes as MB, at least two significant digits; a dash for none."""
    if size is None:
        return DASH
    value = Decimal(size) / MEGABYTE
    return (
        f"{rounded(value, 0 if value >= 10 or not size else 1):,} MB"
        if size >= MEGABYTE / 20 or not size
        else f"{Decimal(size) / 1024:,.0f} kB"
    )


def clock(moment: datetime | None, pattern: str = "%H:%M:%S") -> str:
    """Return a store-local time of day; a dash for none."""
    return DASH if moment is None else f"{moment:{pattern}}"

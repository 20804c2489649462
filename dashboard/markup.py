"""Small pieces of HTML. Every text that is not ours is escaped here, before st.html; its sanitiser is not the guard."""

from collections.abc import Sequence
from fractions import Fraction
from html import escape

from dashboard.formats import DASH, as_decimal, percent, rounded
from dashboard.locales import Locale

FLAT = Fraction(5, 10_000)
CHECK, CROSS = "✓", "✗"

__all__ = [
    "CHECK",
    "CROSS",
    "arrow",
    "bar",
    "cell",
    "delta",
    "escape",
    "gap",
    "proof",
    "rank",
    "share_of",
    "skeleton",
    "table",
    "tone",
]


def tone(ratio: Fraction | None, good_up: bool = True) -> str:
    """Return good, bad or flat: colour says favourable or not, never the direction."""
    if ratio is None or abs(ratio) < FLAT:
        return "flat"
    return "good" if (ratio > 0) == good_up else "bad"


def arrow(ratio: Fraction | None) -> str:
    """Return the direction; a square where there is none."""
    return "■" if ratio is None or abs(ratio) < FLAT else "▲" if ratio > 0 else "▼"


def delta(ratio: Fraction | None, good_up: bool = True) -> str:
    """Return a change with arrow and sign; a dash where there is nothing to compare with."""
    if ratio is None:
        return f'<span class="ts-delta ts-flat">{DASH}</span>'
    sign = f'<i aria-hidden="true">{arrow(ratio)}</i>'
    return f'<span class="ts-delta ts-{tone(ratio, good_up)}">{sign}{percent(ratio, signed=True)}</span>'


def rank(now: int, before: int | None, is_new: bool, locale: Locale) -> str:
    """Return how a rank changed: up, down, the same, or new in the list."""
    if is_new:
        return f'<span class="ts-new">{locale.t("new")}</span>'
    if before is None or before == now:
        return f'<span class="ts-same">{DASH}</span>'
    return (
        f'<span class="ts-{"up" if before > now else "down"}">{"▲" if before > now else "▼"}{abs(before - now)}</span>'
    )


def cell(text: object, clip: bool = False) -> str:
    """Return a text as a table's cell."""
    return f'<span class="clip" title="{escape(str(text))}">{escape(str(text))}</span>' if clip else escape(str(text))


def table(head: Sequence[tuple[str, str]], rows: Sequence[Sequence[str]], css: str = "") -> str:
    """Return a table; head holds (label, l or r), cells are ready HTML."""
    top = "".join(f'<th class="{side}">{escape(label)}</th>' for label, side in head)
    body = "".join(
        "<tr>" + "".join(f'<td class="{side}">{text}</td>' for (_, side), text in zip(head, row, strict=True)) + "</tr>"
        for row in rows
    )
    rows_html = f"<thead><tr>{top}</tr></thead><tbody>{body}</tbody>"
    return f'<div class="ts-scroll"><table class="ts-table {css}">{rows_html}</table></div>'


def bar(share: Fraction | float | None, css: str = "") -> str:
    """Return a bar filled by a share of 0 to 1."""
    return f'<span class="ts-bar {css}"><i style="width:{share_of(share)}"></i></span>'


def share_of(share: Fraction | float | None) -> str:
    """Return a share as a CSS percentage within 0 and 100."""
    bounded = min(Fraction(1), max(Fraction(0), Fraction(share or 0)))
    return f"{rounded(as_decimal(bounded * 100), 2)}%"


def proof(text: str, good: bool = True) -> str:
    """Return a line that says what was proven, or what was not."""
    css, mark = ("ts-proof", CHECK) if good else ("ts-proof ts-fault", CROSS)
    return f'<p class="{css}"><i aria-hidden="true">{mark}</i>{escape(text)}</p>'


def skeleton(height: int, label: str) -> str:
    """Return what stands for a panel's body while its first values are on their way."""
    said = f'role="status" aria-label="{escape(label)}"'
    return f'<div class="ts-skel" style="min-height:{height}px" {said}><i></i><i></i><i></i></div>'


def gap(kind: str, title: str, body: str, height: int) -> str:
    """Return what stands for a body that is empty or can't be read, as tall as it would be."""
    words = f"<b>{escape(title)}</b><span>{escape(body)}</span>"
    return f'<div class="ts-gap ts-{kind}" style="min-height:{height}px" role="status">{words}</div>'

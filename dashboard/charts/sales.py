"""The two charts of sales over time."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from dashboard.charts.template import (
    HOURS,
    LINE_HEIGHT,
    MINUTES,
    NOTHING,
    Figure,
    gutter,
    label,
    layout,
    money_ticks,
    spread,
)
from dashboard.locales import Locale
from dashboard.shaping.sales import Curve, Minutes

CURVE_HEIGHT = 216
MINUTES_HEIGHT = 232
# how much of the day the label of today covers, on a desk, and on a phone or the wall
WIDE_LABEL, NARROW_LABEL = 0.2, 0.42


@dataclass(frozen=True)
class Series:
    """How one line of the curve looks."""

    curve: Curve
    name: str
    colour: str
    text_colour: str
    dash: str
    width: float


def cumulative(
    locale: Locale,
    today: Curve,
    past: Sequence[tuple[str, Curve]],
    height: int,
    revision: str,
    size: int = 12,
    short: bool = False,
) -> Figure:
    """Return today's GMV up to now against whole past days, each line named at its end.

    `past` holds (name, curve), newest first; one that is not loaded is left out. `short` drops amounts from the names.
    """
    scale = size / 12
    styles = (("$series-2", "$ink-2", "dash"), ("$series-3", "$ink-3", "dot"))
    whole = [Series(c, n, *style, 1.5 * scale) for (n, c), style in zip(past, styles, strict=False) if c.amounts]
    lines = [*whole, Series(today, locale.t("today"), "$accent", "$accent", "solid", 2.5 * scale)]
    top = max(1, *(max(line.curve.amounts, default=0) for line in lines))
    names = [line.name for line in whole]
    full = [f"{line.name} {locale.short(line.curve.amounts[-1], 1)}" for line in whole]
    wide = names_of_lines(locale, lines, names if short else full, height, size, NARROW_LABEL if short else WIDE_LABEL)
    narrow = names_of_lines(locale, lines, names, height, size, NARROW_LABEL)
    axis = time_axis(today, 6 if short else 4)
    figure = layout(revision, size, **wide, xaxis=axis, yaxis=money_ticks(top * 102 // 100, 4, locale))
    return {
        "data": [*(trace(line, locale) for line in lines), *now_dot(today, scale)],
        "layout": figure,
        "narrow": {**narrow, "xaxis": {**figure["xaxis"], **time_axis(today, 8)}},
    }


def time_axis(today: Curve, hours: int) -> Figure:
    """Return the axis of one day with a tick every so many hours."""
    form = {"tickformat": "%H:%M", "hoverformat": "%H:%M", "tickangle": 0}
    return {**form, "range": [today.start, today.end], "dtick": hours * HOURS}


def names_of_lines(
    locale: Locale, lines: Sequence[Series], texts: Sequence[str], height: int, size: int, width: float
) -> Figure:
    """Return the labels of today at now (`width` of a day wide) and of the past days at their ends, with the margin."""
    *past, today = lines
    scale = size / 12
    top = max(1, *(max(line.curve.amounts, default=0) for line in lines))
    shifts = spread([line.curve.amounts[-1] for line in past], top, height - 34, [size + 6] * len(past))
    ends = [
        label(today.curve.end, line.curve.amounts[-1], text, line.text_colour, size, dy=shift)
        for line, text, shift in zip(past, texts, shifts, strict=True)
    ]
    margin = {"l": 4, "r": max(gutter(texts, size), 24 * scale), "t": 10 * scale, "b": 24 * scale}
    return {"annotations": [*now_label(locale, lines, size, width), *ends], "margin": margin}


def trace(line: Series, locale: Locale) -> Figure:
    """Return one line; today's has a wash below it."""
    wash = {"fill": "tozeroy", "fillcolor": "$accent-wash"} if line.dash == "solid" else {}
    return {
        "type": "scatter", "mode": "lines", "x": line.curve.times, "y": line.curve.amounts, "name": line.name,
        "line": {"color": line.colour, "dash": line.dash, "width": line.width},
        "customdata": [locale.short(v) for v in line.curve.amounts], "hovertemplate": "%{customdata}", **wash,
    }  # fmt: skip


def now_dot(today: Curve, scale: float) -> list[Figure]:
    """Return the dot at now; none before the first event."""
    if not today.amounts:
        return []
    marker = {"color": "$accent", "size": 8 * scale, "line": {"color": "$panel", "width": 2}}
    point = {"x": today.times[-1:], "y": today.amounts[-1:], "hoverinfo": "skip", "marker": marker, "cliponaxis": False}
    return [{"type": "scatter", "mode": "markers", **point}]


def now_label(locale: Locale, lines: Sequence[Series], size: int, width: float) -> list[Figure]:
    """Return today's name and amount: left of now, early in the day at its beginning; above every line there."""
    today = lines[-1].curve
    if not today.amounts:
        return []
    text = f"<b>{locale.t('today')} {locale.short(today.amounts[-1])}</b>"
    is_early = today.elapsed_share <= width
    x, side, dx = (today.start, "left", 4) if is_early else (today.times[-1], "right", -10)
    covered = width if is_early else today.elapsed_share
    y = max(today.amounts[-1], *(reached(line.curve, today, covered) for line in lines))
    scale = size / 12
    return [label(x, y, text, "$accent", size + 1, side, dx * scale, 13 * scale)]


def reached(curve: Curve, today: Curve, share: float) -> int:
    """Return what a curve had come to at a share of the day."""
    midnight, end = (datetime.fromisoformat(text) for text in (today.start, today.end))
    at = (midnight + (end - midnight) * share).isoformat(timespec="seconds")
    return max((amount for time, amount in zip(curve.times, curve.amounts, strict=True) if time <= at), default=0)


def per_minute(locale: Locale, minutes: Minutes, revision: str, size: int = 12) -> Figure:
    """Return whole minutes as bars, the newest one named, the running one hatched, so that it is no cliff."""
    top = max([1, minutes.partial, *minutes.amounts, *(v for v in minutes.yesterday if v is not None)])
    bars = ["$accent-2"] * (len(minutes.times) - 1) + ["$accent"]
    hatch = {"color": NOTHING, "line": {"color": "$accent", "width": 1},
             "pattern": {"shape": "/", "fgcolor": "$accent", "size": 4, "solidity": 0.4}}  # fmt: skip
    data = [
        series("bar", locale, minutes.times, minutes.amounts, locale.t("today"), marker={"color": bars}),
        series(
            "bar",
            locale,
            [minutes.running],
            [minutes.partial],
            f"{locale.t('today')} ({locale.t('partial')})",
            marker=hatch,
        ),
    ]
    if minutes.has_yesterday:
        style = {"mode": "lines", "line": {"color": "$ink-2", "width": 1.5}}
        data.append(series("scatter", locale, minutes.times, minutes.yesterday, locale.t("yesterday"), **style))
    axis = {
        "tickformat": "%H:%M",
        "hoverformat": "%H:%M",
        "dtick": 15 * MINUTES,
        "range": [minutes.range_start, minutes.range_end],
    }
    notes = minute_labels(locale, minutes, top, size)
    texts = [line for note in notes for line in note["text"].split("<br>")]
    figure = layout(
        revision,
        size,
        bargap=0.3,
        barmode="overlay",
        annotations=notes,
        yaxis=money_ticks(top, 3, locale),
        xaxis=axis,
        margin={"l": 4, "r": gutter(texts, size) + 8, "t": 10, "b": 24},
    )
    narrow = {
        "annotations": [],
        "margin": {"l": 4, "r": 4, "t": 10, "b": 24},
        "xaxis": {**figure["xaxis"], "dtick": 30 * MINUTES},
    }
    return {"data": data, "layout": figure, "narrow": narrow}


def series(
    kind: str, locale: Locale, times: Sequence[str], amounts: Sequence[int | None], name: str, **style
) -> Figure:
    """Return a trace of amounts over time with its amounts in words on hover."""
    shown = [locale.short(v) for v in amounts]
    return {
        "type": kind,
        "x": times,
        "y": amounts,
        "name": name,
        "customdata": shown,
        "hovertemplate": "%{customdata}",
        **style,
    }


def minute_labels(locale: Locale, minutes: Minutes, top: int, size: int) -> list[Figure]:
    """Return the names of the newest whole minute, of yesterday's line and of the running minute."""
    plot = MINUTES_HEIGHT - 42
    newest = f"<b>{minutes.newest_name} {locale.short(minutes.amounts[-1], 'three')}</b>"
    rows = [(minutes.amounts[-1], newest, "$accent")]
    if minutes.has_yesterday and minutes.yesterday[-1] is not None:
        rows.append((minutes.yesterday[-1], locale.t("mean5"), "$ink-2"))
    running = f"{minutes.running_name} {locale.t('partial')}<br>{locale.t('of60', n=minutes.running_seconds)}"
    rows.insert(0, (min(minutes.partial, *(value for value, _, _ in rows)), running, "$accent"))
    heights = [LINE_HEIGHT * (1 + text.count("<br>")) for _, text, _ in rows]
    shifts = spread([value for value, _, _ in rows], top, plot, heights)
    return [
        label(minutes.running, value, text, colour, size, dx=10, dy=shift)
        for (value, text, colour), shift in zip(rows, shifts, strict=True)
    ]

"""The two charts of sales over time."""

from collections.abc import Sequence
from dataclasses import dataclass

from dashboard.charts.template import HOURS, MINUTES, NOTHING, Figure, gutter, label, layout, money_ticks, spread
from dashboard.locales import Locale
from dashboard.shaping.sales import Curve, Minutes

CURVE_HEIGHT = 216
MINUTES_HEIGHT = 232


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
    lines = [Series(c, n, *style, 1.5 * scale) for (n, c), style in zip(past, styles, strict=False) if c.amounts]
    lines.append(Series(today, locale.t("today"), "$accent", "$accent", "solid", 2.5 * scale))
    top = max(1, *(max(line.curve.amounts, default=0) for line in lines))
    names = [line.name for line in lines[:-1]]
    full = [f"{line.name} {locale.short(line.curve.amounts[-1], 1)}" for line in lines[:-1]]
    shifts = spread([line.curve.amounts[-1] for line in lines[:-1]], top, height - 34, size + 6)

    def ends(texts: Sequence[str]) -> list[Figure]:
        return [
            label(today.end, line.curve.amounts[-1], text, line.text_colour, size, dy=shift)
            for line, text, shift in zip(lines[:-1], texts, shifts, strict=True)
        ]

    def frame(texts: Sequence[str], hours: int) -> Figure:
        margin = {"l": 4, "r": max(gutter(texts, size), 24 * scale), "t": 10 * scale, "b": 24 * scale}
        axis = {
            "tickformat": "%H:%M",
            "hoverformat": "%H:%M",
            "tickangle": 0,
            "range": [today.start, today.end],
            "dtick": hours * HOURS,
        }
        return {"annotations": [*now_label(locale, today, size), *ends(texts)], "margin": margin, "xaxis": axis}

    figure = layout(
        revision,
        size,
        **frame(names if short else full, 6 if short else 4),
        yaxis=money_ticks(top * 102 // 100, 4, locale),
    )
    narrow = frame(names, 8)
    return {
        "data": [*(trace(line, locale) for line in lines), *now_dot(today, scale)],
        "layout": figure,
        "narrow": {**narrow, "xaxis": {**figure["xaxis"], **narrow["xaxis"]}},
    }


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


def now_label(locale: Locale, today: Curve, size: int) -> list[Figure]:
    """Return today's name and amount at now, on the side of the dot where there is room."""
    if not today.amounts:
        return []
    text = f"<b>{locale.t('today')} {locale.short(today.amounts[-1])}</b>"
    side, dx = ("right", -10) if today.elapsed_share > 0.3 else ("left", 10)
    scale = size / 12
    return [label(today.times[-1], today.amounts[-1], text, "$accent", size + 1, side, dx * scale, 8 * scale)]


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
    rows = [(minutes.amounts[-1], f"<b>{minutes.newest_name} {locale.short(minutes.amounts[-1], 0)}</b>", "$accent")]
    if minutes.has_yesterday and minutes.yesterday[-1] is not None:
        rows.append((minutes.yesterday[-1], locale.t("mean5"), "$ink-2"))
    # Two lines high, so it takes part in the spreading with half a line more below and above.
    running = f"{minutes.running_name} {locale.t('partial')}<br>{locale.t('of60', n=minutes.running_seconds)}"
    rows.append((min(minutes.partial, *(value for value, _, _ in rows)), running, "$accent"))
    shifts = spread([value for value, _, _ in rows], top, plot, 17)
    return [
        label(
            minutes.running,
            value,
            text,
            colour,
            size,
            dx=10,
            dy=shift + (0 if "<b>" in text or "<br>" not in text else -2),
        )
        for (value, text, colour), shift in zip(rows, shifts, strict=True)
    ]

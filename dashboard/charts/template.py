"""The one chart template, its ticks and its labels."""

from collections.abc import Sequence
from itertools import pairwise
from typing import Any

from dashboard.locales import Locale

Figure = dict[str, Any]

FONT = (
    "Inter, ui-sans-serif, -apple-system, 'Segoe UI', Roboto, 'PingFang SC', 'Microsoft YaHei', "
    "'Noto Sans CJK SC', sans-serif"
)
NOTHING = "rgba(0,0,0,0)"
MINUTES = 60_000
HOURS = 60 * MINUTES
FIRST_CJK = 0x2E80
# of an end label's text, pixels
LINE_HEIGHT = 17
# pixels by which an end label may reach below the axis
BELOW_AXIS = 8


def layout(uirevision: str, size: int = 12, **over: Any) -> Figure:
    """Return what every chart shares: no legend, no box, hairline grid; a dict in `over` is merged one level deep."""
    text = {"family": FONT, "size": size}
    ticks = {"color": "$ink-3", "size": size}
    base = {
        "font": {**text, "color": "$ink-2"},
        "paper_bgcolor": NOTHING,
        "plot_bgcolor": NOTHING,
        "margin": {"l": 4, "r": 8, "t": 8, "b": 24},
        "showlegend": False,
        "uirevision": uirevision,
        "dragmode": "zoom",
        "hovermode": "x unified",
        "hoverdistance": 30,
        "hoverlabel": {"bgcolor": "$panel", "bordercolor": "$line-2", "font": {**text, "color": "$ink"}},
        "xaxis": {"showgrid": False, "zeroline": False, "showline": True, "linecolor": "$line-2", "ticks": "outside",
                  "ticklen": 4, "tickcolor": "$line-2", "fixedrange": False, "tickfont": ticks},
        "yaxis": {"gridcolor": "$line", "zeroline": False, "showline": False, "ticks": "", "automargin": True,
                  "fixedrange": True, "rangemode": "tozero", "tickfont": ticks},
    }  # fmt: skip
    return {**base, **{k: {**base[k], **v} if isinstance(base.get(k), dict) else v for k, v in over.items()}}


def money_ticks(top: int, count: int, locale: Locale) -> Figure:
    """Return about `count` round ticks up to `top` minor units; Plotly's own prefixes know neither ¥ M nor 万."""
    one = 10**locale.currency.digits
    raw = max(-(-top // count), one)
    power = 10 ** (len(str(raw)) - 1)
    step = next(m * power // 10 for m in (10, 20, 25, 50, 100) if m * power // 10 >= raw)
    values = list(range(0, top + 1, step))
    return {"tickvals": values, "ticktext": [locale.short(v, None) if v else "0" for v in values]}


def label(
    x: Any, y: Any, text: str, colour: str, size: int = 12, side: str = "left", dx: float = 6, dy: float = 0
) -> Figure:
    """Return an annotation that names a point of a line."""
    return {"x": x, "y": y, "text": text, "showarrow": False, "xanchor": side, "yanchor": "middle", "align": "left",
            "xshift": dx, "yshift": dy, "font": {"color": colour, "size": size}}  # fmt: skip


def spread(ends: Sequence[float], top: float, height: float, sizes: Sequence[float]) -> list[int]:
    """Return upward pixel shifts that keep end labels apart, in the order of their values.

    `sizes` holds each label's height in pixels. None sinks below the axis by more than it hides behind the ticks.
    """
    if not ends:
        return []
    wanted = [value / top * height if top else 0.0 for value in ends]
    placed = list(wanted)
    order = sorted(range(len(ends)), key=lambda i: (wanted[i], i))
    for lower, upper in pairwise(order):
        placed[upper] = max(wanted[upper], placed[lower] + (sizes[lower] + sizes[upper]) / 2)
    excess = sum(p - w for p, w in zip(placed, wanted, strict=True)) / len(ends)
    excess = min(excess, placed[order[0]] - sizes[order[0]] / 2 + BELOW_AXIS)
    return [round(p - w - excess) for p, w in zip(placed, wanted, strict=True)]


def gutter(texts: Sequence[str], size: int) -> float:
    """Return the right margin that holds the longest end label; a Chinese character is one em wide."""
    widths = (sum(1.0 if ord(c) > FIRST_CJK else 0.56 for c in text) for text in texts)
    return max(widths, default=0.0) * size + 14

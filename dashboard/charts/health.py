"""The two charts of the Health page."""

from collections.abc import Sequence

from dashboard.charts.template import LINE_HEIGHT, MINUTES, Figure, label, layout, spread
from dashboard.shaping.health import Lag

LAG_HEIGHT = 220
CHECKPOINTS_HEIGHT = 190


def lag(series: Lag, revision: str) -> Figure:
    """Return p50, p95 and p99 of the lag per minute in seconds, each line named at its end with its newest value."""
    styles = (
        ("p50", series.p50, "$accent", 2),
        ("p95", series.p95, "$series-2", 1.5),
        ("p99", series.p99, "$ink-3", 1),
    )
    data = [
        {
            "type": "scatter",
            "mode": "lines",
            "x": series.times,
            "y": values,
            "name": name,
            "hovertemplate": "%{y:.2f} s",
            "line": {"color": colour, "width": width},
        }
        for name, values, colour, width in styles
    ]
    ends = [values[-1] for _, values, _, _ in styles]
    shifts = spread(ends, max(series.p99), LAG_HEIGHT - 32, [LINE_HEIGHT] * 3)
    notes = [
        label(series.times[-1], end, f"{name} {end:.1f} s", "$accent" if name == "p50" else "$ink-2", dy=shift)
        for (name, _, _, _), end, shift in zip(styles, ends, shifts, strict=True)
    ]
    axis = {
        "tickformat": "%H:%M",
        "hoverformat": "%H:%M",
        "dtick": 30 * MINUTES,
        "range": [series.range_start, series.times[-1]],
    }
    figure = layout(
        revision,
        annotations=notes,
        margin={"l": 4, "r": 78, "t": 8, "b": 24},
        xaxis=axis,
        yaxis={"ticksuffix": " s", "nticks": 5},
    )
    return {"data": data, "layout": figure}


def durations(seconds: Sequence[float], names: Sequence[str], revision: str) -> Figure:
    """Return one bar per checkpoint, the newest in the accent; `names` are shown on hover."""
    colours = ["$accent-2"] * (len(seconds) - 1) + ["$accent"]
    bars = {"type": "bar", "y": seconds, "customdata": names, "marker": {"color": colours}}
    return {
        "data": [{**bars, "hovertemplate": "%{customdata}: <b>%{y:.2f} s</b><extra></extra>"}],
        "layout": layout(
            revision, hovermode="closest", bargap=0.3, margin={"l": 4, "r": 0, "t": 8, "b": 8},
            xaxis={"showticklabels": False, "ticks": ""}, yaxis={"ticksuffix": " s", "nticks": 4},
        ),
    }  # fmt: skip

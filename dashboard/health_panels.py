"""The panels of the Health page that show whether the line runs, and how fast."""

from typing import Any

import streamlit as st

from dashboard import components, markup
from dashboard.charts import health as charts
from dashboard.downloads import address
from dashboard.formats import DASH, count, megabytes, per_second
from dashboard.panels import Figure, Head, figure, panel, strip
from dashboard.shaping import health as shape
from dashboard.viewer import Viewer

CHECKPOINTS_SHOWN = 40


def figures(viewer: Viewer) -> None:
    """Draw the five figures that say whether the line runs."""
    readings = [viewer.read(name) for name in ("status", "lag_recent", "job", "checkpoints")]
    with strip(viewer, readings, 5, 150, plain=True):
        for item in (
            freshness_figure(viewer),
            lag_figure(viewer),
            rate_figure(viewer),
            job_figure(viewer),
            checkpoint_figure(viewer),
        ):
            figure(viewer, item)


def first(viewer: Viewer, name: str) -> dict[str, Any] | None:
    """Return the only row of a statement; none before its first answer, or where there is none."""
    return (viewer.read(name).value or [None])[0]


def freshness_figure(viewer: Viewer) -> Figure:
    """Return the age of the newest event that is visible."""
    t, data_to = viewer.locale.t, viewer.status.data_to
    age = None if data_to is None else viewer.locale.measured((viewer.now - data_to).total_seconds())
    return Figure(t("fresh"), age, note=t("newest"), definition=("freshness", "age_seconds"))


def lag_figure(viewer: Viewer) -> Figure:
    """Return the p99 of the lag over five minutes."""
    t, row = viewer.locale.t, first(viewer, "lag_recent")
    p99 = row and row["p99_lag_seconds"]
    text = None if p99 is None else viewer.locale.measured(float(p99))
    note = t("p99") if row is None else t("p99_behind", n=count(row["consumer_lag"]))
    return Figure(t("e2e"), text, note=note, definition=("lag_by_minute", "p99_lag_seconds"))


def rate_figure(viewer: Viewer) -> Figure:
    """Return events per second, and how many came today."""
    t, rate, row = viewer.locale.t, viewer.status.events_per_second, first(viewer, "status")
    text = None if rate is None else f"{per_second(rate)} /s"
    return Figure(
        t("inrate"),
        text,
        note=t("today_n", n=count(row and row["records_today"])),
        definition=("event_counts_by_day", "records"),
    )


def job_figure(viewer: Viewer) -> Figure:
    """Return the job's state in colour, and how often it restarted."""
    t, row = viewer.locale.t, first(viewer, "job")
    if row is None:
        return Figure(t("job"), None, definition=("job_status", "state"))
    running, alive = row["state"] == "RUNNING", row["is_alive"]
    key = f"s_{row['state']}" if alive or not running else "s_LOST"
    word = t(key) if viewer.locale.has(key) else row["state"].title()
    works = running and alive
    return Figure(
        t("job"),
        f":{'green' if works else 'red'}[{word}]",
        note=runs_text(viewer, row, works),
        definition=("job_status", "state"),
    )


def runs_text(viewer: Viewer, row: dict[str, Any], works: bool) -> str:
    """Return how often the job was started again, and for how long it has been running where it runs."""
    t, times = viewer.locale.t, row["runs"] - 1
    words = t("restarts_0" if not times else "restarts_1" if times == 1 else "restarts_n", n=count(times))
    return t("up", age=viewer.locale.duration(float(row["running_seconds"]), 0), restarts=words) if works else words


def checkpoint_figure(viewer: Viewer) -> Figure:
    """Return how long the newest checkpoint took, how long ago it was and its size."""
    t, rows = viewer.locale.t, viewer.read("checkpoints").value or []
    definition = ("checkpoints", "duration_seconds")
    if not rows:
        return Figure(t("ckpt"), None, definition=definition)
    newest = rows[-1]
    note = t(
        "ck_sub", age=viewer.locale.duration(float(newest["age_seconds"]), 0), size=megabytes(newest["size_bytes"])
    )
    return Figure(
        t("ckpt"), viewer.locale.measured(float(newest["duration_seconds"])), note=note, definition=definition
    )


def lag(viewer: Viewer) -> None:
    """Draw the lag's percentiles per minute."""
    locale, t = viewer.locale, viewer.locale.t
    reading = viewer.read("lag_minutes")
    rows = reading.value or []
    head = Head(
        "lag", t("e2e"), charts.LAG_HEIGHT, t("last2h"), ("lag_by_minute", "p99_lag_seconds"), address("lag_minutes")
    )
    with panel(viewer, head, [reading], not rows, (t("lagempty_t"), t("lagempty_b"))) as draws:
        if draws:
            series = shape.lag_series(rows, viewer.now, locale.zone)
            alt = f"{t('e2e')}: p50 {series.p50[-1]:.1f} s, p95 {series.p95[-1]:.1f} s, p99 {series.p99[-1]:.1f} s"
            components.chart("lag", charts.lag(series, "lag"), charts.LAG_HEIGHT, alt)


def freshness(viewer: Viewer) -> None:
    """Draw the age of each table's newest row against its limit."""
    t = viewer.locale.t
    reading = viewer.read("freshness")
    rows = reading.value or []
    head = Head("fresh", t("fresh"), charts.LAG_HEIGHT, t("freshnote"), ("freshness", "age_seconds"))
    with panel(viewer, head, [reading], not rows) as draws:
        if draws:
            lines = [freshness_line(viewer, row) for row in rows]
            st.html(markup.table([(t("table"), "l"), ("", "l w"), ("", "r"), ("", "r")], lines, "ts-plain"))


def freshness_line(viewer: Viewer, row: dict[str, Any]) -> list[str]:
    """Return one table's cells; the bar turns where rows are late (a quiet shop is not), without rows it is a dash."""
    name, limit = f"<code>{markup.escape(row['table_name'])}</code>", row["limit_seconds"]
    if row["age_seconds"] is None:
        return [name, markup.bar(0), f'<b class="ts-dim">{DASH}</b>', limit_html(viewer, limit)]
    age = float(row["age_seconds"])
    share = age / float(limit) if limit else 0
    return [
        name,
        markup.bar(share, "ts-over" if row["is_late"] else ""),
        f"<b>{viewer.locale.measured(age)}</b>",
        limit_html(viewer, limit),
    ]


def limit_html(viewer: Viewer, limit: Any) -> str:
    """Return a limit; nothing where there is none."""
    return "" if limit is None else f'<span class="ts-dim">/ {viewer.locale.measured(float(limit), 0)}</span>'


def checkpoints(viewer: Viewer) -> None:
    """Draw how long the last checkpoints took."""
    locale, t = viewer.locale, viewer.locale.t
    reading = viewer.read("checkpoints")
    rows = (reading.value or [])[-CHECKPOINTS_SHOWN:]
    head = Head(
        "ckpts",
        t("ckpts"),
        charts.CHECKPOINTS_HEIGHT,
        t("cknote", n=len(rows) or CHECKPOINTS_SHOWN),
        ("checkpoints", "duration_seconds"),
        address("checkpoints"),
    )
    with panel(viewer, head, [reading], not rows, (t("ckempty_t"), t("ckempty_b"))) as draws:
        if draws:
            took = [float(row["duration_seconds"]) for row in rows]
            names = [locale.clock(row["completed_at"]) for row in rows]
            components.chart(
                "ckpts",
                charts.durations(took, names, "ckpts"),
                charts.CHECKPOINTS_HEIGHT,
                f"{t('ckpt')}: {took[-1]:.2f} s",
            )


def tables(viewer: Viewer) -> None:
    """Draw rows, size, growth and retention of the tables."""
    t = viewer.locale.t
    reading = viewer.read("table_sizes")
    rows = reading.value or []
    head = Head(
        "tables",
        t("tables"),
        charts.CHECKPOINTS_HEIGHT,
        t("tnote"),
        ("table_sizes", "size_bytes"),
        address("table_sizes"),
    )
    with panel(viewer, head, [reading], not rows) as draws:
        if draws:
            lines = [table_line(viewer, row) for row in rows]
            names = [(t("table"), "l"), (t("rows"), "r"), (t("size"), "r"), (t("growth"), "r"), (t("keep"), "r")]
            st.html(markup.table(names, lines, "ts-wide-table"))


def table_line(viewer: Viewer, row: dict[str, Any]) -> list[str]:
    """Return one table's cells."""
    kept = (
        viewer.locale.t("forever") if row["kept_days"] is None else viewer.locale.t("days", n=count(row["kept_days"]))
    )
    name = f"<code>{markup.escape(row['table_name'])}</code>"
    return [name, count(row["estimated_rows"]), megabytes(row["size_bytes"]), megabytes(row["bytes_per_day"]), kept]

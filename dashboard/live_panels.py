"""The panels of the Live page that draw the day as a whole: the hero, the curve, the figures, the minutes."""

from typing import Any

import streamlit as st

from dashboard import components, markup
from dashboard.charts import sales
from dashboard.downloads import address
from dashboard.formats import change_of, count, percent
from dashboard.panels import Figure, Head, figure, panel, strip
from dashboard.sales_day import BASES, PERIODS, Day, basis_name, seal
from dashboard.shaping import sales as shape
from dashboard.shaping.sales import whole
from dashboard.viewer import Viewer


def hero(day: Day) -> None:
    """Draw GMV today: the amount, its changes, and where it stands against the target."""
    viewer = day.viewer
    t = viewer.locale.t
    head = Head("hero", t("gmv"), 216, seal(viewer), definition=("sales_today", "gross_amount"))
    with panel(viewer, head, [day.totals_reading], day.totals is None, day.empty) as draws:
        if draws:
            components.counter("hero", day.gmv, viewer.locale.currency, f"{t('gmv')} {viewer.locale.money(day.gmv)}")
            st.html(versus_html(day) + target_html(day))


def versus_html(day: Day) -> str:
    """Return the two rows of changes at the same elapsed time."""
    locale = day.viewer.locale
    at = locale.clock(day.as_of, "%H:%M")
    rows = []
    for basis in day.ordered_bases:
        before = day.past("gross_amount", basis)
        what = locale.t("vs_at", what=basis_name(day.viewer, basis), t=at)
        change = markup.delta(change_of(day.gmv, before))
        rows.append(f"<div>{change}<span>{what}</span><b>{locale.short(before)}</b></div>")
    return f'<div class="ts-versus">{"".join(rows)}</div>'


def day_course(day: Day) -> shape.Course:
    """Return where the day stands by yesterday's curve; the target is one for all channels, so a filter has none."""
    target = whole(day.totals["target_amount"])
    so_far, all_day = day.past("gross_amount", BASES[0]), day.past("whole_day_gross_amount", BASES[0])
    return shape.course(day.gmv, target, so_far, all_day)


def target_html(day: Day) -> str:
    """Return the target's bar with its tick, and the day's course; without a target only the course."""
    locale, course = day.viewer.locale, day_course(day)
    pace = locale.short(course.by_midnight, 1)
    if course.done is None:
        words = f"<p><span>{locale.t('pace_plain', v=pace)}</span></p>" if course.by_midnight else ""
        return f'<div class="ts-target">{words}</div>'
    target = locale.short(whole(day.totals["target_amount"]), None)
    done = locale.t("target", p=f"<b>{percent(course.done)}</b>", v=target)
    ahead = f"<span>{locale.t('pace', v=pace, p=percent(course.of_target, 0))}</span>" if course.by_midnight else ""
    return f'<div class="ts-target">{track_html(course)}<p>{done}{ahead}</p></div>'


def track_html(course: shape.Course) -> str:
    """Return the target's bar; the tick is where the past day was at this time."""
    tick = "" if course.due is None else f'<u style="left:{markup.share_of(course.due)}"></u>'
    return f'<div class="ts-track"><i style="width:{markup.share_of(course.done)}"></i>{tick}</div>'


def cumulative(day: Day) -> None:
    """Draw GMV since midnight against whole past days."""
    viewer = day.viewer
    t = viewer.locale.t
    head = Head(
        "cumulative",
        t("cum"),
        sales.CURVE_HEIGHT,
        t("fivemin"),
        ("sales_today", "gross_amount"),
        address("sales_curve_today", channel=day.filter),
    )
    readings = [day.totals_reading, day.curve_reading, day.past_reading]
    with panel(viewer, head, readings, day.totals is None, day.empty) as draws:
        if draws:
            past = [(basis_name(viewer, basis), day.past_curve(basis)) for basis in BASES]
            chart = sales.cumulative(viewer.locale, day.today_curve(), past, sales.CURVE_HEIGHT, day.revision)
            words = ", ".join(
                f"{name} {viewer.locale.short(day.past('gross_amount', b))}"
                for b, (name, _) in zip(BASES, past, strict=True)
            )
            components.chart(
                "cum", chart, sales.CURVE_HEIGHT, f"{t('cum')}: {t('today')} {viewer.locale.short(day.gmv)}, {words}"
            )


# key of the words, column of sales_today, favourable when up
FIGURES = (
    ("net", "net_amount", True),
    ("orders", "orders", True),
    ("units", "units", True),
    ("aov", "aov_amount", True),
    ("buyers", "buyers", True),
    ("refund", "refund_rate", False),
    ("peak", "peak_orders", True),
)


def figures(day: Day) -> None:
    """Draw the strip of figures with their changes and their last two hours."""
    reading = day.viewer.read("sales_sparklines", channel=day.filter)
    sparks = shape.sparklines(reading.value or [])
    with strip(day.viewer, [day.totals_reading, reading], len(FIGURES), 140):
        for key, column, good_up in FIGURES:
            figure(day.viewer, one_figure(day, key, column, good_up, sparks.get(key)))


def one_figure(day: Day, key: str, column: str, good_up: bool, spark: list[float] | None) -> Figure:
    """Return one figure; a channel has no buyers and no peak of its own, so there they are a dash."""
    label, definition = day.viewer.locale.t(key), ("sales_today", column)
    value = day.totals and day.totals.get(column)
    if value is None:
        return Figure(label, None, definition=definition)
    past = day.totals[f"{column}_{PERIODS[day.basis]}"]
    change = change_of(shape.exact(value), shape.exact(past))
    return Figure(label, figure_text(day.viewer, key, value), change, good_up, spark, definition)


def figure_text(viewer: Viewer, key: str, value: Any) -> str:
    """Return a figure as text in its own unit."""
    if key == "net":
        return viewer.locale.short(whole(value))
    if key == "aov":
        return viewer.locale.money(round(value))
    return percent(shape.exact(value)) if key == "refund" else count(whole(value))


def per_minute(day: Day) -> None:
    """Draw GMV per minute of the last two hours."""
    viewer = day.viewer
    locale, t = viewer.locale, viewer.locale.t
    reading = viewer.read("sales_minutes", channel=day.filter)
    minutes = shape.last_minutes(reading.value or [], locale.zone)
    note = t("minnote") if minutes and minutes.has_yesterday else t("minnote_alone")
    head = Head(
        "minute",
        t("permin"),
        sales.MINUTES_HEIGHT,
        note,
        ("gmv_by_minute", "gross_amount"),
        address("sales_minutes", channel=day.filter),
    )
    empty = (t("minempty_t"), t("empty_b")) if day.filter is None else day.empty
    with panel(viewer, head, [reading], minutes is None or minutes.is_empty, empty) as draws:
        if draws:
            alt = f"{t('permin')}: {minutes.newest_name} {locale.short(minutes.amounts[-1])}"
            components.chart("minute", sales.per_minute(locale, minutes, day.revision), sales.MINUTES_HEIGHT, alt)

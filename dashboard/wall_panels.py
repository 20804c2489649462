"""The wall's panels: the same figures as the Live page's, larger and without controls."""

import streamlit as st

from dashboard import components, markup
from dashboard.charts import grids, sales
from dashboard.formats import change_of, percent, ratio
from dashboard.frame import dot
from dashboard.live_panels import day_course, figure_text, track_html
from dashboard.regions import TILES, short_name
from dashboard.sales_day import BASES, Day, basis_name, seal
from dashboard.shaping.sales import whole
from dashboard.shaping.status import standing
from dashboard.store import Reading

CHART_HEIGHT = 306
HERO_HEIGHT = 500
TOP_SHOWN, ORDERS_SHOWN = 5, 3
FIGURES = (
    ("orders", "orders"),
    ("units", "units"),
    ("aov", "aov_amount"),
    ("buyers", "buyers"),
    ("peak", "peak_orders"),
)


def top_html(day: Day) -> str:
    """Return the line of status."""
    viewer = day.viewer
    t = viewer.locale.t
    history = viewer.status.history
    loading = "" if history is None else f"<span>{t('history', p=f'<b>{percent(min(history, 1), 0)}</b>')}</span>"
    clock = f"<span>{t('asof')} <b>{viewer.locale.clock(viewer.status.data_to)}</b></span>"
    parts = [f"<span>{t('gmv')}</span>", dot(viewer, viewer.status), clock, loading, seal(viewer)]
    return f'<div class="ts-wall ts-walltop">{"".join(parts)}</div>'


def instead(day: Day, readings: list[Reading], is_empty: bool, height: int) -> str | None:
    """Return what stands in a part's place while it has nothing to draw; none when it has."""
    viewer = day.viewer
    t = viewer.locale.t
    state = standing(readings, viewer.status, viewer.clock(), viewer.locale, is_empty)
    if state.draws:
        return None
    if state.kind == "loading":
        return markup.skeleton(height, t("CONNECTING"))
    return markup.gap(state.kind, t(f"{state.kind}_t"), t(f"{state.kind}_b"), height)


def hero(day: Day) -> None:
    """Draw the amount, its changes, the target and five figures."""
    if gap := instead(day, [day.totals_reading], day.totals is None, HERO_HEIGHT):
        st.html(gap)
        return
    viewer = day.viewer
    components.counter(
        "wallhero", day.gmv, viewer.locale.currency, f"{viewer.locale.t('gmv')} {viewer.locale.money(day.gmv)}"
    )
    st.html(changes_html(day) + figures_html(day))


def changes_html(day: Day) -> str:
    """Return the two changes and the share of the target, and its bar."""
    viewer = day.viewer
    t, course, at = viewer.locale.t, day_course(day), viewer.locale.clock(day.as_of, "%H:%M")
    parts = []
    for basis in BASES:
        what = t("vs_at", what=basis_name(viewer, basis), t=at)
        parts.append(f"{markup.delta(change_of(day.gmv, day.past('gross_amount', basis)))}<span>{what}</span>")
    if course.done is None:
        return f'<div class="ts-wallsub">{"".join(parts)}</div>'
    target = viewer.locale.short(whole(day.totals["target_amount"]), None)
    parts.append(f'<span class="end">{t("target", p=f"<b>{percent(course.done)}</b>", v=target)}</span>')
    return f'<div class="ts-wallsub">{"".join(parts)}</div>{track_html(course)}'


def figures_html(day: Day) -> str:
    """Return five figures; one that is missing is a dash."""
    t, cells = day.viewer.locale.t, []
    for key, column in FIGURES:
        value = day.totals[column]
        cells.append(
            f"<div><span>{t(key)}</span><b>{'—' if value is None else figure_text(day.viewer, key, value)}</b></div>"
        )
    return f'<div class="ts-wallkpi">{"".join(cells)}</div>'


def cumulative(day: Day) -> None:
    """Draw the curve."""
    viewer = day.viewer
    locale, t = viewer.locale, viewer.locale.t
    st.html(f'<h2 class="ts-wallh">{t("cum")}</h2>')
    readings = [day.totals_reading, day.curve_reading, day.past_reading]
    if gap := instead(day, readings, day.totals is None, CHART_HEIGHT):
        st.html(gap)
        return
    past = [(basis_name(viewer, basis), day.past_curve(basis)) for basis in BASES]
    chart = sales.cumulative(locale, day.today_curve(), past, CHART_HEIGHT, day.revision, size=24, short=True)
    components.chart("wallcum", chart, CHART_HEIGHT, f"{t('cum')}: {t('today')} {locale.short(day.gmv)}")


def top_products(day: Day) -> None:
    """Draw the five products that sell most."""
    viewer = day.viewer
    locale = viewer.locale
    reading = viewer.read("top_products_today")
    rows = (reading.value or [])[:TOP_SHOWN]
    title = f'<h2 class="ts-wallh">{locale.t("top")}</h2>'
    if gap := instead(day, [reading], not rows, CHART_HEIGHT):
        st.html(title + gap)
        return
    best = whole(rows[0]["gross_amount"])
    lines = []
    for row in rows:
        amount = whole(row["gross_amount"])
        name = markup.escape(locale.name(row["name_en"], row["name_zh"], row["sku"]))
        bar = markup.bar(ratio(amount, best))
        lines.append([str(row["rank"]), f'<span class="clip">{name}</span>{bar}', f"<b>{locale.short(amount, 1)}</b>"])
    st.html(title + markup.table([("", "r"), ("", "l"), ("", "r")], lines, "ts-plain"))


def regions(day: Day) -> None:
    """Draw the tile map, or the largest regions where none of them is on the map."""
    viewer = day.viewer
    t = viewer.locale.t
    reading = viewer.read("regions_today", channel=None)
    amounts = {row["region"]: whole(row["gross_amount"]) for row in reading.value or []}
    st.html(f'<h2 class="ts-wallh">{t("region")}</h2>')
    if gap := instead(day, [reading], not sum(amounts.values()), CHART_HEIGHT):
        st.html(gap)
        return
    inside = {code: amount for code, amount in amounts.items() if code in TILES}
    if inside:
        chart = grids.region_tiles(viewer.locale, inside, sum(amounts.values()), day.revision, size=22, big=True)
        components.chart("wallmap", chart, CHART_HEIGHT, t("region"))
        return
    best = sorted(((amount, code) for code, amount in amounts.items()), reverse=True)[:TOP_SHOWN]
    rows = [[markup.escape(code), f"<b>{percent(ratio(amount, sum(amounts.values())))}</b>"] for amount, code in best]
    st.html(markup.table([("", "l"), ("", "r")], rows, "ts-plain"))


def latest_orders(day: Day) -> None:
    """Draw the three newest orders in one line."""
    viewer = day.viewer
    cells = []
    for row in (viewer.read("latest_orders").value or [])[:ORDERS_SHOWN]:
        name = markup.escape(viewer.locale.name(row["name_en"], row["name_zh"], row["sku"]))
        region = markup.escape(short_name(row["region"], viewer.locale.language))
        cells.append(f"<span><b>{viewer.locale.money(whole(row['amount']))}</b>{name}<em>{region}</em></span>")
    st.html(f'<div class="ts-walltick">{"".join(cells)}</div>')

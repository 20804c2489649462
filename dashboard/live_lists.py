"""The panels of the Live page that rank: orders, products, regions, channels, milestones."""

from decimal import Decimal
from fractions import Fraction
from typing import Any

import streamlit as st

from dashboard import components, markup
from dashboard.charts import grids, sales
from dashboard.downloads import address
from dashboard.formats import DASH, count, percent, ratio, rounded
from dashboard.panels import Head, panel
from dashboard.regions import TILES, short_name
from dashboard.sales_day import PERIODS, Day
from dashboard.shaping.sales import whole
from dashboard.viewer import Viewer

ORDERS_SHOWN = 7
MILESTONES_SHOWN = 5


def latest_orders(day: Day) -> None:
    """Draw the newest orders; they are not kept by channel, so the note says all channels."""
    viewer = day.viewer
    locale, t = viewer.locale, viewer.locale.t
    reading = viewer.read("latest_orders")
    rows = (reading.value or [])[:ORDERS_SHOWN]
    note = t("tickernote") if day.filter is None else f"{t('tickernote')}, {t('all_channels')}"
    head = Head(
        "ticker", t("ticker"), sales.MINUTES_HEIGHT, note, ("latest_orders", "amount"), address("latest_orders")
    )
    with panel(viewer, head, [reading], not rows, (t("tickerempty_t"), t("empty_b"))) as draws:
        if draws:
            lines = [
                [
                    locale.clock(r["ordered_at"]),
                    order_html(r, viewer),
                    region_cell(r, viewer),
                    locale.money(whole(r["amount"])),
                ]
                for r in rows
            ]
            st.html(markup.table([("", "l"), ("", "l"), ("", "l"), ("", "r")], lines, "ts-plain ts-ticker"))


def order_html(row: dict[str, Any], viewer: Viewer) -> str:
    """Return quantity and product; the quantity stands first, so that it is never cut."""
    name = markup.escape(viewer.locale.name(row["name_en"], row["name_zh"], row["sku"]))
    times = f"{row['quantity']:,} × " if row["quantity"] > 1 else ""
    return f'<span class="clip" title="{name}">{times}<b>{name}</b></span>'


def region_cell(row: dict[str, Any], viewer: Viewer) -> str:
    """Return an order's region as the map names it."""
    return markup.cell(short_name(row["region"], viewer.locale.language), clip=True)


def top_products(day: Day) -> None:
    """Draw the ten products that sell most; products are not known by channel, so the note says all channels."""
    viewer = day.viewer
    t = viewer.locale.t
    reading = viewer.read("top_products_today")
    rows = reading.value or []
    note = t("topnote") if day.filter is None else f"{t('topnote')}, {t('all_channels')}"
    head = Head(
        "top", t("top"), grids.TILES_HEIGHT, note, ("top_products_today", "gross_amount"), address("top_products_today")
    )
    with panel(viewer, head, [reading], not rows) as draws:
        if draws:
            best = whole(rows[0]["gross_amount"])
            lines = [product_line(viewer, row, best) for row in rows]
            names = [("#", "r"), ("", "l"), (t("product"), "l"), ("", "l"), (t("units"), "r"), ("GMV", "r")]
            st.html(markup.table(names, lines, "ts-top"))


def product_line(viewer: Viewer, row: dict[str, Any], best: int) -> list[str]:
    """Return one product's cells."""
    amount = whole(row["gross_amount"])
    name = markup.escape(viewer.locale.name(row["name_en"], row["name_zh"], row["sku"]))
    return [
        str(row["rank"]),
        markup.rank(row["rank"], row["rank_hour_ago"], row["is_new"], viewer.locale),
        f'<span class="clip" title="{name}"><b>{name}</b></span>',
        markup.bar(ratio(amount, best)),
        count(whole(row["units"])),
        viewer.locale.short(amount),
    ]


def regions(day: Day) -> None:
    """Draw the tile map; regions outside of it follow as a ranked list."""
    viewer = day.viewer
    t = viewer.locale.t
    reading = viewer.read("regions_today", channel=day.filter)
    amounts = {row["region"]: whole(row["gross_amount"]) for row in reading.value or []}
    total = sum(amounts.values())
    head = Head(
        "regions",
        t("region"),
        grids.TILES_HEIGHT,
        t("regionnote"),
        ("regions_today", "share"),
        address("regions_today", channel=day.filter),
    )
    with panel(viewer, head, [reading], not total, day.empty) as draws:
        if draws:
            inside = {code: amount for code, amount in amounts.items() if code in TILES}
            outside = sorted(
                ((amount, code) for code, amount in amounts.items() if code not in TILES and amount), reverse=True
            )
            if inside:
                components.chart(
                    "regions",
                    grids.region_tiles(viewer.locale, inside, total, day.revision),
                    grids.TILES_HEIGHT,
                    t("region"),
                )
            if outside:
                st.html(outside_html(viewer, outside, total, alone=not inside))


def outside_html(viewer: Viewer, ranked: list[tuple[int, str]], total: int, alone: bool) -> str:
    """Return the regions that the map does not know, largest first: all that fit, then how the rest sums up."""
    shown = ranked[: 10 if alone else 4]
    best = shown[0][0]
    rows = [
        [
            markup.cell(code, clip=True),
            markup.bar(ratio(amount, best)),
            f"<b>{percent(ratio(amount, total))}</b>",
            viewer.locale.short(amount),
        ]
        for amount, code in shown
    ]
    title = "" if alone else f'<h3 class="ts-sub">{viewer.locale.t("elsewhere")}</h3>'
    return title + markup.table([("", "l"), ("", "l w"), ("", "r"), ("", "r")], rows, "ts-plain")


def channels(day: Day) -> None:
    """Draw each channel's share and its change in points."""
    viewer = day.viewer
    t = viewer.locale.t
    reading = viewer.read("channels_today")
    rows = [row for row in reading.value or [] if row["share"] is not None]
    head = Head("channels", t("channels"), 150, t("chnote"), ("channels_today", "share"), address("channels_today"))
    with panel(viewer, head, [reading], not rows) as draws:
        if draws:
            best = rows[0]["share"] or 1
            lines = [channel_line(day, row, Fraction(row["share"]) / Fraction(best)) for row in rows]
            st.html(markup.table([("", "l"), ("", "l w"), ("", "r"), ("", "r")], lines, "ts-plain"))


def channel_line(day: Day, row: dict[str, Any], part: Fraction) -> list[str]:
    """Return one channel's cells."""
    name = markup.cell(day.viewer.locale.channel(row["channel"]), clip=True)
    share = f"<b>{percent(Fraction(row['share']))}</b>"
    return [name, markup.bar(part), share, points_html(row[f"points_{PERIODS[day.basis]}"])]


def points_html(change: Decimal | None) -> str:
    """Return a share's change in percentage points."""
    size = None if change is None else rounded(abs(change), 1)
    if not size:
        return f'<span class="ts-same">{DASH}</span>'
    return f'<span class="ts-{"up" if change > 0 else "down"}">{"▲" if change > 0 else "▼"} {size}</span>'


def milestones(day: Day) -> None:
    """Draw the round totals reached today and the next one."""
    viewer = day.viewer
    t = viewer.locale.t
    reading = viewer.read("milestones_today")
    marks = reading.value or []
    reached = [row for row in marks if row["reached_at"]]
    shown = [*reached, *[row for row in marks if not row["reached_at"]][:1]][-MILESTONES_SHOWN:]
    note = t("vs", what=t("yesterday")) if day.filter is None else t("all_channels")
    head = Head("milestones", t("milestones"), 130, note, ("milestones_today", "reached_at"))
    with panel(viewer, head, [reading], not shown, (t("msempty_t"), t("msempty_b"))) as draws:
        if draws:
            lines = [milestone_line(viewer, row) for row in shown]
            st.html(markup.table([("", "l"), ("", "l"), ("", "r"), ("", "r")], lines, "ts-plain"))


def milestone_line(viewer: Viewer, row: dict[str, Any]) -> list[str]:
    """Return one milestone's cells: when it was reached and how much earlier than yesterday, or when it is expected."""
    locale, t = viewer.locale, viewer.locale.t
    amount = f"<b>{locale.short(whole(row['milestone_amount']), None)}</b>"
    if row["reached_at"] is None:
        when = t("expected", t=locale.clock(row["expected_at"], "%H:%M")) if row["expected_at"] else t("not_today")
        return ['<span class="ts-mark"></span>', amount, when, ""]
    return [
        '<span class="ts-mark on"></span>',
        amount,
        locale.clock(row["reached_at"]),
        earlier_text(viewer, row["earlier_seconds"]),
    ]


def earlier_text(viewer: Viewer, seconds: int | None) -> str:
    """Return how much earlier in the day than yesterday; nothing where yesterday did not reach it."""
    if seconds is None:
        return ""
    minutes = round(seconds / 60)
    if not minutes:
        return viewer.locale.t("same_time")
    return viewer.locale.t("earlier" if minutes > 0 else "later", m=f"{abs(minutes):,}")

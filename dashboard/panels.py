"""The frame of a panel with its five states, and the strip of figures."""

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from fractions import Fraction
from typing import Any

import streamlit as st

from dashboard import markup
from dashboard.formats import percent
from dashboard.shaping.status import Standing, standing
from dashboard.store import Reading
from dashboard.viewer import Viewer

COLOURS = {"good": "blue", "bad": "orange", "flat": "off"}


@dataclass(frozen=True)
class Head:
    """A panel's id, title and height, what its note says (ready HTML), its definition, and its CSV's address."""

    key: str
    title: str
    height: int
    note: str = ""
    definition: tuple[str, str] | None = None
    csv: str | None = None


@contextmanager
def panel(
    viewer: Viewer,
    head: Head,
    readings: Sequence[Reading],
    is_empty: bool = False,
    empty: tuple[str, str] | None = None,
) -> Iterator[bool]:
    """Draw a panel's frame; yields False when there is nothing to draw: loading, empty (words in `empty`) or error."""
    state = standing(readings, viewer.status, viewer.clock(), viewer.locale, is_empty)
    with st.container(border=True, key=f"panel-{head.key}", height="stretch", gap=None):
        st.html(head_html(viewer, head, state))
        if not state.draws:
            st.html(body_instead(viewer, state, head.height, empty))
        yield state.draws


def head_html(viewer: Viewer, head: Head, state: Standing) -> str:
    """Return a panel's title line; old numbers say their age in place of the note."""
    t = viewer.locale.t
    note = tag_html(viewer, state) if state.kind == "stale" else head.note
    meaning = head.definition and viewer.definition(*head.definition)
    title = f' title="{markup.escape(meaning)}"' if meaning else ""
    csv = ""
    if head.csv and state.draws:
        csv = f'<a class="ts-csv" href="{markup.escape(head.csv)}" download title="{t("csv_help")}">{t("csv")}</a>'
    return f'<div class="ts-head"><h2{title}>{markup.escape(head.title)}</h2>{csv}<span>{note}</span></div>'


def body_instead(viewer: Viewer, state: Standing, height: int, empty: tuple[str, str] | None) -> str:
    """Return what stands in a body's place, as tall as the body, so that nothing jumps when it comes."""
    t = viewer.locale.t
    if state.kind == "loading":
        return markup.skeleton(height, t("CONNECTING"))
    title, body = empty if state.kind == "empty" and empty else (t(f"{state.kind}_t"), t(f"{state.kind}_b"))
    return markup.gap(state.kind, title, body, height)


@dataclass(frozen=True)
class Figure:
    """One figure of a strip: label and value as text (none: a long dash), its change, a line of the last 2 h.

    `good_up` says whether more is favourable; none: neither is. `note` replaces the change, `against` names its basis.
    """

    label: str
    value: str | None
    change: Fraction | None = None
    good_up: bool | None = True
    spark: Sequence[float] | None = None
    definition: tuple[str, str] | None = None
    note: str | None = None
    against: str | None = None


@contextmanager
def strip(
    viewer: Viewer, readings: Sequence[Reading], columns: int, min_width: int, plain: bool = False
) -> Iterator[None]:
    """Open a panel that holds a row of figures; old ones say their age on its edge."""
    suffix = "-plain" if plain else ""
    with st.container(border=True, key=f"panel-kpis{suffix}"):
        st.html(strip_tag(viewer, readings))
        with st.grid(columns, min_column_width=min_width, gap=None, key=f"kpigrid{suffix}"):
            yield


def strip_tag(viewer: Viewer, readings: Sequence[Reading]) -> str:
    """Return the mark of a strip's old numbers; a figure that was never read is a dash and has no age."""
    shown = [reading for reading in readings if reading.read_at is not None]
    state = standing(shown, viewer.status, viewer.clock(), viewer.locale)
    if not shown or state.kind != "stale":
        return '<div class="ts-striptag" hidden></div>'
    return f'<div class="ts-striptag">{tag_html(viewer, state)}</div>'


def tag_html(viewer: Viewer, state: Standing) -> str:
    """Return the word STALE and the age of what is shown."""
    return f"<mark>{viewer.locale.t('STALE')}</mark> {markup.escape(state.tag or '')}"


def figure(viewer: Viewer, item: Figure) -> None:
    """Draw one figure; a missing number is a long dash, never a 0 that nobody measured."""
    options: dict[str, Any] = {"delta_arrow": "off", "help": item.definition and viewer.definition(*item.definition)}
    if item.value is None:
        st.metric(item.label, None, **options)
        return
    if item.note is not None:
        st.metric(item.label, item.value, item.note, delta_color="off", **options)
        return
    colour = "off" if item.good_up is None else COLOURS[markup.tone(item.change, item.good_up)]
    text = None if item.change is None else f"{markup.arrow(item.change)} {percent(item.change, signed=True)}"
    st.metric(
        item.label,
        item.value,
        text or "–",
        delta_color=colour,
        delta_description=item.against,
        chart_data=item.spark,
        **options,
    )

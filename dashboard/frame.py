"""The frame of every page: the look, one bar (name, pages, freshness, pause, language) and the banner."""

from collections.abc import Mapping
from functools import cache
from pathlib import Path

import streamlit as st

from dashboard.formats import per_second, percent
from dashboard.links import remember
from dashboard.locales import LANGUAGES
from dashboard.markup import escape
from dashboard.shaping.status import Status
from dashboard.viewer import Viewer, browser_language, current_viewer, tick

HERE = Path(__file__).parent
ICON = str(HERE / "static" / "icon.svg")
SHEETS = ("tokens", "frame", "panels", "health", "wall", "tablet", "phone")


@cache
def style() -> str:
    """Return the style sheets as one element."""
    return (
        "<style>"
        + "\n".join((HERE / "styles" / f"{name}.css").read_text(encoding="utf-8") for name in SHEETS)
        + "</style>"
    )


def open_page(pages: Mapping[str, object], chosen: object) -> None:
    """Draw what stands above every page but the wall: the bar, and the banner while something is wrong."""
    bar(pages, chosen)
    st.fragment(banner, run_every=tick(is_paused()))()


def is_paused() -> bool:
    """Say whether this viewer stopped the ticking."""
    return bool(st.session_state.get("paused"))


def language_widget() -> dict:
    """Return the arguments of the language control; the URL wins over the browser's language."""
    return remember("lang", LANGUAGES, browser_language())


def bar(pages: Mapping[str, object], chosen: object) -> None:
    """Draw the bar."""
    language = language_widget()
    viewer = current_viewer()
    t = viewer.locale.t
    with st.container(horizontal=True, vertical_alignment="center", gap="small", key="topbar"):
        st.html('<div class="ts-brand"><i aria-hidden="true"></i>Tallystream</div>', width="content")
        with st.container(horizontal=True, gap=None, width="content", key="nav"):
            for key, page in pages.items():
                # st.page_link sets no attribute for the page that is open, so CSS looks for the bold label.
                label = f"**{t(key)}**" if page == chosen else t(key)
                st.page_link(page, label=label, query_params={"lang": viewer.locale.language})
        st.space("stretch")
        with st.container(width="content", key="freshbox"):
            st.fragment(freshness, run_every=tick(viewer.paused))()
        st.toggle(t("pause"), key="paused")
        names = {"en": "EN", "zh": "中"}
        st.segmented_control(
            t("language"), LANGUAGES, required=True, format_func=names.get, label_visibility="collapsed", **language
        )


def freshness() -> None:
    """Draw the state word and the age of the data: event time, never the page's clock."""
    viewer = current_viewer()
    st.html(freshness_html(viewer, viewer.status))


def freshness_html(viewer: Viewer, status: Status) -> str:
    """Return the bar's freshness: word, shape and colour say the state."""
    locale = viewer.locale
    t = locale.t
    eps = per_second(status.events_per_second)
    parts = [dot(viewer, status), f"<span>{t('asof')} <b>{locale.clock(status.data_to)}</b></span>"]
    parts.append(f"<span>{t('lag')} <b>{locale.measured(status.lag_seconds)}</b></span>")
    if status.history is not None:
        share = f"<b>{percent(min(status.history, 1), 0)}</b>"
        parts.append(f'<span title="{escape(t("history_help"))}">{t("history", p=share)}</span>')
    parts.append(
        f'<span class="ts-wide"><b>{eps}</b> {t("eps")}</span><span class="ts-wide">{escape(locale.zone.key)}</span>'
    )
    return f'<div class="ts-fresh" role="status">{"".join(parts)}</div>'


def dot(viewer: Viewer, status: Status) -> str:
    """Return the state word with its dot."""
    return f'<span class="ts-dot ts-{status.tone}"><i></i>{viewer.locale.t(status.word)}</span>'


def banner() -> None:
    """Draw the banner while the numbers are stale or can't be read."""
    viewer = current_viewer()
    st.html(banner_html(viewer.status))


def banner_html(status: Status) -> str:
    """Return the banner, or a mark that hides its empty place."""
    if status.banner is None:
        return '<div class="ts-nobanner"></div>'
    return f'<div class="ts-banner ts-{status.banner.kind}" role="alert">{escape(status.banner.text)}</div>'


def title_line(viewer: Viewer, key: str) -> None:
    """Draw a page's name and the store day; call it inside the container that holds the page's controls."""
    since = viewer.locale.t("since", day=viewer.locale.day(viewer.now.date()))
    st.html(f'<h1 class="ts-title">{viewer.locale.t(key)}<small>{since}</small></h1>')


def turn_day(viewer: Viewer) -> None:
    """Run the whole page again on the store's midnight, since the title line stands outside of what ticks."""
    day = viewer.now.date().isoformat()
    if st.session_state.setdefault("store_day", day) != day:
        st.session_state["store_day"] = day
        st.rerun()

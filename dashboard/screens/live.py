"""Live: where today stands, against the same time yesterday and last week."""

import streamlit as st

from dashboard import live_lists as lists
from dashboard import live_panels as panels
from dashboard.frame import is_paused, title_line, turn_day
from dashboard.links import choices, remember, turn_choices
from dashboard.sales_day import BASES, Day, basis_name, channels_seen
from dashboard.viewer import Viewer, current_viewer, tick


def controls(viewer: Viewer) -> None:
    """Draw the title line with the comparison and the channel."""
    t = viewer.locale.t
    with st.container(horizontal=True, vertical_alignment="center", key="controls"):
        title_line(viewer, "live")
        st.space("stretch")
        st.segmented_control(
            t("compare"), BASES, required=True, format_func=lambda basis: t("vs", what=basis_name(viewer, basis)),
            label_visibility="collapsed", **remember("compare", BASES, BASES[0]),
        )  # fmt: skip
        codes = choices("channel", channels_seen(viewer), viewer.read("channels"))
        st.selectbox(
            t("channel"),
            codes,
            width=160,
            format_func=lambda code: t("all") if code == "all" else viewer.locale.channel(code),
            label_visibility="collapsed",
            **remember("channel", codes, "all"),
        )


def page() -> None:
    """Draw what ticks."""
    viewer = current_viewer()
    turn_day(viewer)
    turn_choices("channel", channels_seen(viewer))
    day = Day(viewer, st.session_state.get("compare") or BASES[0], st.session_state.get("channel") or "all")
    left, right = st.columns([5, 7], gap="small")
    with left:
        panels.hero(day)
    with right:
        panels.cumulative(day)
    panels.figures(day)
    left, right = st.columns([8, 4], gap="small")
    with left:
        panels.per_minute(day)
    with right:
        lists.latest_orders(day)
    left, middle, right = st.columns([5, 4, 3], gap="small")
    with left:
        lists.top_products(day)
    with middle:
        lists.regions(day)
    with right:
        lists.channels(day)
        lists.milestones(day)


controls(current_viewer())
st.fragment(page, run_every=tick(is_paused()))()

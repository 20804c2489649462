"""Inventory: what runs out, where and when, and what to reorder."""

import streamlit as st

from dashboard import inventory_panels as panels
from dashboard.frame import is_paused, title_line, turn_day
from dashboard.links import choices, remember, turn_choices
from dashboard.shaping.stock import STATES
from dashboard.viewer import Viewer, current_viewer, tick


def controls(viewer: Viewer) -> None:
    """Draw the title line with the states and the warehouse."""
    t = viewer.locale.t
    with st.container(horizontal=True, vertical_alignment="center", key="controls"):
        title_line(viewer, "inventory")
        st.space("stretch")
        st.pills(
            t("state"), STATES, format_func=lambda state: t(f"k_{state}"), label_visibility="collapsed", wrap=True,
            **remember("state", STATES, None),
        )  # fmt: skip
        names = panels.warehouse_names(viewer)
        codes = choices("wh", list(names), viewer.read("warehouses"))
        st.selectbox(
            t("warehouse"),
            codes,
            width=170,
            format_func=lambda code: t("allwh") if code == "all" else f"{names.get(code, code)} {code}",
            label_visibility="collapsed",
            **remember("wh", codes, "all"),
        )


def page() -> None:
    """Draw what ticks."""
    viewer = current_viewer()
    turn_day(viewer)
    turn_choices("wh", list(panels.warehouse_names(viewer)))
    chosen = panels.Choice(viewer, st.session_state.get("state"), st.session_state.get("wh") or "all")
    panels.figures(chosen)
    panels.needs_action(chosen)
    left, right = st.columns([8, 4], gap="small")
    with left:
        panels.hours_of_cover(chosen)
    with right:
        panels.ledger(chosen)


controls(current_viewer())
st.fragment(page, run_every=tick(is_paused()))()

"""Wall: 1920 × 1080, dark, no controls. Figures are read from 6 m, the rest from 3 m."""

import streamlit as st

from dashboard import wall_panels as panels
from dashboard.frame import banner_html
from dashboard.sales_day import BASES, Day
from dashboard.viewer import TICK_SECONDS, current_viewer


def page() -> None:
    """Draw the wall."""
    viewer = current_viewer()
    day = Day(viewer, BASES[0], "all")
    with st.container(key="wall", gap=None):
        st.html(panels.top_html(day))
        panels.hero(day)
        left, middle, right = st.columns([6, 5, 3.4], gap="large")
        with left:
            panels.cumulative(day)
        with middle:
            panels.top_products(day)
        with right:
            panels.regions(day)
        panels.latest_orders(day)
        st.html(banner_html(viewer.status))


st.fragment(page, run_every=TICK_SECONDS)()

"""Health: are the numbers fresh, complete and equal to an independent recount?"""

import streamlit as st

from dashboard import health_panels as panels
from dashboard import health_proofs as proofs
from dashboard.frame import is_paused, title_line, turn_day
from dashboard.viewer import current_viewer, tick


def page() -> None:
    """Draw what ticks."""
    viewer = current_viewer()
    turn_day(viewer)
    panels.figures(viewer)
    left, right = st.columns([7, 5], gap="small")
    with left:
        proofs.account(viewer)
    with right:
        proofs.audit(viewer)
    left, right = st.columns([7, 5], gap="small")
    with left:
        panels.lag(viewer)
    with right:
        panels.freshness(viewer)
    left, right = st.columns([5, 7], gap="small")
    with left:
        panels.checkpoints(viewer)
    with right:
        panels.tables(viewer)


with st.container(horizontal=True, vertical_alignment="center", key="controls"):
    title_line(current_viewer(), "health")
st.fragment(page, run_every=tick(is_paused()))()

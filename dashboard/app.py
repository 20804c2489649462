"""The script that Streamlit runs for every viewer: the frame, then the page."""

import streamlit as st

from dashboard import frame

st.set_page_config("Tallystream", page_icon=frame.ICON, layout="wide", initial_sidebar_state="collapsed")
st.html(frame.style())

# Not in a folder named pages: Streamlit would run its files by themselves, without this frame.
PAGES = {
    name: st.Page(
        f"screens/{name}.py", title=name.title(), url_path="" if name == "live" else name, default=name == "live"
    )
    for name in ("live", "inventory", "health", "wall")
}
page = st.navigation(list(PAGES.values()), position="hidden")
if page == PAGES["wall"]:
    frame.language_widget()
else:
    frame.open_page(PAGES, page)
page.run()

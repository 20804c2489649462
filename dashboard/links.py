"""Widgets that live in the URL by stable codes."""

from collections.abc import Sequence

import streamlit as st


def remember(key: str, options: Sequence[str], default: str | None) -> dict:
    """Return the arguments that keep a widget in the URL by the codes of `options`.

    Streamlit's own binding writes the translated label, so that a link shared by a Chinese reader would not open for an
    English one; and after a change of language a widget may hand back its old label, so anything unknown is read again.
    """
    if st.session_state.get(key) not in options:
        value = st.query_params.get(key)
        st.session_state[key] = value if value in options else default

    def save() -> None:
        value = st.session_state[key]
        if value == default or value not in options:
            st.query_params.pop(key, None)
        else:
            st.query_params[key] = value

    return {"key": key, "on_change": save}

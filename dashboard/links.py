"""Widgets that live in the URL by stable codes, some of which come from the data."""

from collections.abc import Sequence

import streamlit as st

from dashboard.store import Reading


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


def choices(key: str, codes: Sequence[str], reading: Reading) -> list[str]:
    """Return what a widget offers: everything, the codes of `reading`, and until they are known what the URL asks for.

    Else a link that is opened before the first answer would lose its filter.
    """
    st.session_state[f"{key}_codes"] = list(codes)
    wanted = st.query_params.get(key)
    is_early = reading.read_at is None and wanted is not None and wanted not in codes
    return ["all", *codes, *([wanted] if is_early and wanted != "all" else [])]


def turn_choices(key: str, codes: Sequence[str]) -> None:
    """Run the whole page again when there are other codes than it offers, since widgets stand outside of what ticks."""
    if st.session_state.get(f"{key}_codes") != list(codes):
        st.rerun()

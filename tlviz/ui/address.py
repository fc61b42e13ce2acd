"""What a person chose, kept in the address bar, so that a link reproduces the view.

Streamlit's own binding writes the words on the screen instead of the names and clears them on a page change, so the
two directions are written out here.
"""

from __future__ import annotations

from collections.abc import Sequence

import streamlit as st


def from_address(key: str, options: Sequence[str], default: str) -> None:
    """Set a widget's session value, before it is drawn, from the session, else the address, else the default.

    Where the address asks for what is not there, the page says so in one sentence.
    """
    current = st.session_state.get(key)
    if current in options:
        return
    asked = st.query_params.get(key)
    st.session_state[key] = asked if asked in options else default
    if current is None and asked and asked not in options:
        st.warning(f"The link asks for the {key} '{asked}', which is not here; '{default}' is shown.")


def to_address(*keys: str) -> None:
    """Write the session values of drawn widgets into the address bar."""
    for key in keys:
        value = st.session_state.get(key)
        if value and st.query_params.get(key) != value:
            st.query_params[key] = str(value)

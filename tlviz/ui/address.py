"""What a person chose, kept in the address bar, so that a link reproduces the view.

Streamlit's own binding writes the words on the screen instead of the names and clears them on a page change, so the
two directions are written out here.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import NoReturn

import streamlit as st

from tlviz.ui.messages import plain
from tlviz.ui.state import Key


def go_to(page: str) -> NoReturn:
    """Go to a page, a file of ``pages/``, with the same source and target.

    They travel in the address: Streamlit may forget the sidebar's widgets where a run ends by going to another page,
    and the new page would begin with the first source and target of the list.
    """
    kept = {str(key): st.query_params[key] for key in (Key.SOURCE, Key.TARGET, Key.FOLDER) if key in st.query_params}
    st.switch_page(page, query_params=kept)  # noqa: TID251


def has_moved() -> bool:
    """Return whether this run is the first one of a page after another page."""
    return bool(st.session_state.get(Key.MOVED))


def carry_over(key: str) -> None:
    """Give a widget, before it is drawn, the value that the same one had on the page before.

    Streamlit hands it over only when the first run of the new page is over, which until then has an older value.
    """
    if has_moved() and st.session_state.get(key) is not None:
        st.session_state[key] = st.session_state[key]


def from_address(key: str, options: Sequence[str], default: str) -> None:
    """Set a widget's session value, before it is drawn, from the session, else the address, else the default.

    Where the address asks for what does not exist, the page shows one sentence about it.
    """
    current = st.session_state.get(key)
    if current in options:
        carry_over(key)
        return
    asked = st.query_params.get(key)
    st.session_state[key] = asked if asked in options else default
    if current is None and asked and asked not in options:
        st.warning(
            f"The link names the {key} '{plain(asked)}', which is not available here; '{plain(default)}' is shown."
        )


def to_address(*keys: str) -> None:
    """Write the session values of drawn widgets into the address bar."""
    for key in keys:
        value = st.session_state.get(key)
        if value and st.query_params.get(key) != value:
            st.query_params[key] = str(value)

"""A place to drop folders and files into, which are sent one by one to where the app keeps what arrives."""

from __future__ import annotations

from pathlib import Path

import streamlit as st

_STATIC = Path(__file__).parent / "static"

_component = st.components.v2.component(
    "tlviz_drop_zone",
    html='<div class="drop"></div>',
    css=(_STATIC / "drop_zone.css").read_text(encoding="utf-8"),
    js=(_STATIC / "drop_zone.js").read_text(encoding="utf-8"),
)


def render_drop_zone(token: str, *, most_bytes: int, most_files: int, limit: str, instead: str, key: str) -> bool:
    """Draw the place, and return whether all of a drop has just arrived under ``token``.

    ``limit`` says in words what is the most, ``instead`` what to do with more.
    """
    data = {"token": token, "most_bytes": most_bytes, "most_files": most_files, "limit": limit, "instead": instead}
    result = _component(key=key, data=data, on_done_change=lambda: None)
    done = result.get("done") if result else None
    return done is not None and done.get("token") == token

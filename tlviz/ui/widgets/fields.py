"""Fields of a form that keep their value while a person is on other pages."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TypeVar

import streamlit as st

Option = TypeVar("Option")


def with_current(options: Sequence[Option], key: str) -> list[Option]:
    """Return options with, at the end, the one in the session where it is not among them: a run may have any."""
    current = st.session_state.get(key)
    return [*options] if current is None or current in options else [*options, current]

"""Fields of a form that keep their value while a person is on other pages."""

from __future__ import annotations

from collections.abc import Sequence
from enum import StrEnum
from typing import TypeVar

import streamlit as st

Option = TypeVar("Option")


def number(
    label: str, key: str, default: float | None, step: float, words: str, *, empty: str = "as built"
) -> float | None:
    """Draw a number; None is an empty field, which reads ``empty``, or what a preset has put into the session."""
    chosen: float | None = st.number_input(
        label,
        value=default,
        step=step,
        format="%d" if isinstance(step, int) else "%g",
        key=key,
        persist_state="session",
        help=words,
        placeholder=empty,
    )
    return chosen


def one_of(label: str, key: str, kind: type[StrEnum], words: str) -> StrEnum:
    """Draw a choice of a few names, the first of them chosen at the start."""
    chosen: StrEnum = st.segmented_control(
        label, list(kind), default=next(iter(kind)), key=key, required=True, persist_state="session", help=words
    )
    return chosen


def with_current(options: Sequence[Option], key: str) -> list[Option]:
    """Return options with, at the end, the one in the session where it is not among them: a run may have any."""
    current = st.session_state.get(key)
    return [*options] if current is None or current in options else [*options, current]

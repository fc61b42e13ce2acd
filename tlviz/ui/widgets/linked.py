"""Widgets whose value is kept in the address bar, so that a link reproduces the view; defaults are left out of it."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

import streamlit as st

from tlviz.ui.address import carry_over
from tlviz.ui.messages import plain


def linked_slider(
    label: str,
    low: int,
    high: int,
    default: int,
    *,
    key: str,
    step: int = 1,
    help: str | None = None,  # noqa: A002
) -> int:
    """Draw a slider of whole numbers."""
    _begin(key, default, lambda asked: _within(int(asked), low, high))
    st.session_state[key] = max(low, min(st.session_state[key], high))
    value = st.slider(label, low, high, key=key, step=step, help=help, persist_state="session")
    return int(_note(key, value, default))


def linked_number(
    label: str,
    low: int,
    high: int,
    default: int,
    *,
    key: str,
    help: str | None = None,  # noqa: A002
) -> int:
    """Draw a field for a whole number; what a smaller network or layer does not have becomes its last."""
    _begin(key, default, lambda asked: _within(int(asked), low, None))
    st.session_state[key] = max(low, min(int(st.session_state[key]), high))
    value = st.number_input(label, low, high, key=key, help=help, persist_state="session")
    return int(_note(key, int(value), default))


def linked_text(
    label: str,
    *,
    key: str,
    placeholder: str = "",
    help: str | None = None,  # noqa: A002
) -> str:
    """Draw a line of text."""
    _begin(key, "", str)
    value = st.text_input(label, key=key, placeholder=placeholder, help=help, persist_state="session")
    return str(_note(key, value or "", ""))


def linked_choice(
    label: str,
    options: Sequence[str],
    default: str,
    *,
    key: str,
    words: Callable[[str], str] = str,
    help: str | None = None,  # noqa: A002
    hide_label: bool = False,
) -> str:
    """Draw a few options beside one another."""
    _begin(key, default, _one_of(options))
    if st.session_state[key] not in options:
        st.session_state[key] = default
    value = st.segmented_control(
        label, options, key=key, required=True, format_func=words, help=help, persist_state="session",
        label_visibility="collapsed" if hide_label else "visible",
    )  # fmt: skip
    return str(_note(key, value, default))


def linked_select(
    label: str,
    options: Sequence[str],
    default: str,
    *,
    key: str,
    words: Callable[[str], str] = str,
    help: str | None = None,  # noqa: A002
) -> str:
    """Draw a list of options."""
    _begin(key, default, _one_of(options))
    if st.session_state[key] not in options:
        st.session_state[key] = default
    value = st.selectbox(label, options, key=key, format_func=words, help=help, persist_state="session")
    return str(_note(key, value, default))


def linked_many(
    label: str,
    options: Sequence[str],
    *,
    key: str,
    most: int,
    words: Callable[[str], str] = str,
    placeholder: str = "",
) -> list[str]:
    """Draw a list of which up to ``most`` options can be chosen; in the address they are parted by commas."""
    is_first = st.session_state.get(key) is None
    _begin(key, [], lambda asked: [name for name in dict.fromkeys(asked.split(",")) if name])
    if is_first and not set(options).issuperset(st.session_state[key]):
        st.warning(f"The link names {key} that are not available here; the others are shown.")
    st.session_state[key] = [name for name in st.session_state[key] if name in options][:most]
    chosen = st.multiselect(
        label, options, key=key, format_func=words, max_selections=most, placeholder=placeholder,
        persist_state="session",
    )  # fmt: skip
    _note(key, ",".join(chosen), "")
    return list(chosen)


def _begin(key: str, default: Any, read: Callable[[str], Any]) -> None:
    """Set a widget's session value, before it is drawn, from the session, else the address, else the default."""
    if st.session_state.get(key) is not None:
        carry_over(key)
        return
    asked = st.query_params.get(key)
    st.session_state[key] = default
    if asked is None:
        return
    try:
        st.session_state[key] = read(asked)
    except (ValueError, KeyError):
        st.warning(f"The link names the {key} '{plain(asked)}', which is not available here; '{default}' is shown.")


def _note(key: str, value: Any, default: Any) -> Any:
    """Write what was chosen into the address bar, the default as nothing, and return it."""
    if value == default:
        st.query_params.pop(key, None)
    elif st.query_params.get(key) != str(value):
        st.query_params[key] = str(value)
    return value


def _within(value: int, low: int, high: int | None) -> int:
    if value < low or (high is not None and value > high):
        raise ValueError(value)
    return value


def _one_of(options: Sequence[str]) -> Callable[[str], str]:
    def read(asked: str) -> str:
        if asked not in options:
            raise ValueError(asked)
        return asked

    return read

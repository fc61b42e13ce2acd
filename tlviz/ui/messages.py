"""Words from outside, such as names of files and classes, shown as they are; and callbacks that fail in a sentence."""

from __future__ import annotations

import re
from collections.abc import Callable

import streamlit as st

from tlviz.errors import TlvizError
from tlviz.ui.state import Key

MINUTES_ABOVE_S = 100
_MARKUP = re.compile(r"([\[\]<$*`\\])")


def plain(text: str) -> str:
    """Return text that Markdown shows as it is: no links, pictures, formulas or HTML come of it."""
    return _MARKUP.sub(r"\\\1", text)


def strong_words(write: Callable[[Callable[[str], str]], str]) -> str:
    """Return a sentence as Markdown that shows it as it is, bold where ``write`` calls what it is given."""
    return plain(write(lambda words: f"\x02{words}\x02")).replace("\x02", "**")


def left_words(seconds: float | None) -> str:
    """Return what stands behind a job's progress: the time it still takes, nothing where nobody can say."""
    if seconds is None:
        return ""
    return f" · {seconds:.0f} s left" if seconds < MINUTES_ABOVE_S else f" · {seconds / 60:.0f} min left"


def show_error(error: object) -> None:
    """Show what went wrong as one sentence."""
    st.error(plain(str(error)), icon=":material/error:")


def attempt(action: Callable[..., object], *arguments: object) -> bool:
    """Do what a person asks for and return whether it succeeded; a mistake is shown here as one sentence."""
    try:
        action(*arguments)
    except TlvizError as error:
        show_error(error)
        return False
    return True


def heed(action: Callable[..., object], *arguments: object) -> None:
    """Do what a button asks for; a mistake is kept and shown on the page, because callbacks run outside of it."""
    try:
        action(*arguments)
    except TlvizError as error:
        st.session_state[Key.TROUBLE] = str(error)


def show_trouble() -> None:
    """Show, once, what went wrong in a callback."""
    trouble = st.session_state.pop(Key.TROUBLE, None)
    if trouble:
        show_error(trouble)

"""What a download would save: one thing a session, because Streamlit holds on to the callbacks of earlier runs."""

from __future__ import annotations

from collections.abc import Callable
from typing import Generic, TypeVar

import streamlit as st

Content = TypeVar("Content")


class Latest(Generic[Content]):
    """Holds what was shown last, so that old callbacks hold no pictures of their own."""

    def __init__(self) -> None:
        self.content: Content | None = None

    def made_by(self, make: Callable[[Content], bytes]) -> Callable[[], bytes]:
        """Return a callback without arguments that makes a file of what is held when it is called."""

        def download() -> bytes:
            return b"" if self.content is None else make(self.content)

        return download


def latest(key: str, content: Content) -> Latest[Content]:
    """Return the session's holder of a kind of download, with new content."""
    holder: Latest[Content] = st.session_state.setdefault(f"latest_{key}", Latest())
    holder.content = content
    return holder

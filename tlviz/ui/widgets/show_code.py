"""*Show code* at the foot of a page: the lines that make what it shows, ready to copy."""

from __future__ import annotations

from typing import TYPE_CHECKING

import streamlit as st

if TYPE_CHECKING:
    from tlviz.api.snippets import Snippet

SHOW_CODE = "Show code"


def render_code(*snippets: Snippet | None) -> None:
    """Draw the lines of Python and the commands, folded away; each block has a button that copies it."""
    found = [snippet for snippet in snippets if snippet is not None]
    if not found:
        return
    with st.expander(SHOW_CODE, icon=":material/code:"):
        for snippet in found:
            st.code(snippet.python, language="python", wrap_lines=True)
            if snippet.again:
                st.caption("The same again, as a new run:")
                st.code(snippet.again, language="python", wrap_lines=True)
            if snippet.command:
                st.caption("In a terminal:")
                st.code(snippet.command, language="bash", wrap_lines=True)

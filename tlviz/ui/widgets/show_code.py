"""*Show code* at the foot of a page: the lines that make what it shows, ready to copy."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from itertools import zip_longest
from typing import TYPE_CHECKING, cast

import streamlit as st

if TYPE_CHECKING:
    from tlviz.api.snippets import Snippet
    from tlviz.runs.store.folder import RunFolder

SHOW_CODE = "Show code"


def render_code(*snippets: Snippet | None, titles: Sequence[str] = ()) -> None:
    """Draw the lines of Python and the commands, folded away; each block has a button that copies it.

    ``titles`` say of several what each is.
    """
    titled = zip_longest(snippets, titles[: len(snippets)], fillvalue="")
    found = [(cast("Snippet", snippet), str(title)) for snippet, title in titled if snippet]
    if not found:
        return
    with st.expander(SHOW_CODE, icon=":material/code:"):
        for snippet, title in found:
            if title and len(found) > 1:
                st.markdown(f"**{title}**")
            st.code(snippet.python, language="python", wrap_lines=True)
            if snippet.again:
                st.caption("The same again, as a new run:")
                st.code(snippet.again, language="python", wrap_lines=True)
            if snippet.command:
                st.caption("In a terminal:")
                st.code(snippet.command, language="bash", wrap_lines=True)


def render_notebook(make: Callable[[], bytes], name: str, *, key: str) -> None:
    """Offer what is shown as a notebook, which is written when it is asked for."""
    st.download_button(
        "Open in notebook",
        make,
        f"{name}.ipynb",
        "application/x-ipynb+json",
        icon=":material/menu_book:",
        key=key,
        on_click="ignore",
        help="A Jupyter notebook, filled in: it opens this, or makes it anew on another machine.",
    )


def notebook_of(run: RunFolder) -> bytes:
    """Return the notebook of a run or a race."""
    from tlviz.api.notebooks import run_notebook  # imports Jupyter's format, which takes a while

    return run_notebook(run)


def notebook_of_profile(model: str, data: str, others: Sequence[tuple[str, str]], limit: int) -> bytes:
    """Return the notebook of a profile, and of others beside it."""
    from tlviz.api.notebooks import profile_notebook

    return profile_notebook(model, data, others, limit)

"""How a bundle is used where tlviz is not."""

from __future__ import annotations

from collections.abc import Sequence

import streamlit as st

from tlviz.export.files.table import Format, scripts_for
from tlviz.medium import WORDS, Medium

_GIVEN = {Medium.PICTURES: "picture.jpg", Medium.TEXTS: '"a text" file.txt'}


def render_use(chosen: Sequence[Format], medium: Medium) -> None:
    """Show the lines that classify a picture or a text with the chosen formats."""
    scripts = scripts_for(chosen)
    if not scripts:
        return
    st.header("Use it anywhere", anchor=False)
    st.markdown(
        f"In the folder is a program that reads any {WORDS[medium].one} exactly as tlviz does, with class names and "
        "preprocessing beside it. tlviz is not needed there; `requirements.txt` names what is."
    )
    lines = ["pip install -r requirements.txt", *(f"python {script.value} {_GIVEN[medium]}" for script in scripts)]
    st.code("\n".join(lines), language="bash", wrap_lines=True)

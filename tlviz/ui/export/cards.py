"""Formats as cards: what each is for, its size and its time, and whether it passed its check."""

from __future__ import annotations

from collections.abc import Mapping
from importlib.util import find_spec
from typing import Any

import streamlit as st

from tlviz.export.files.fitting import fitting_formats
from tlviz.export.files.table import Format, FormatSpec, formats_of, usual_formats
from tlviz.medium import WORDS
from tlviz.models.imported import medium_of_weights
from tlviz.runs.store.folder import RunFolder
from tlviz.ui.export.past import Known, known_of
from tlviz.ui.state import key_of

_ACROSS = 3
_MARKS = {
    "passed": (":material/check_circle:", "green", "checked"),
    "failed": (":material/error:", "red", "failed its check"),
    "not run": (":material/help:", "gray", "not checked"),
}


def render_cards(run: RunFolder, result: Mapping[str, Any]) -> list[Format]:
    """Draw a card for each format and return those that are chosen."""
    chosen = []
    forms, medium = fitting_formats(run), medium_of_weights(run)
    specs = formats_of(medium)
    known = known_of(run, result, forms)
    for at in range(0, len(forms), _ACROSS):
        row = forms[at : at + _ACROSS]
        for form, column in zip(row, st.columns(_ACROSS), strict=False):
            with column.container(border=True, height="stretch"):
                if _card(form, specs[form], known[form], WORDS[medium].one):
                    chosen.append(form)
    return chosen


def _card(form: Format, spec: FormatSpec, known: Known, one: str) -> bool:
    missing = [package for package in spec.packages if find_spec(package) is None]
    is_chosen = st.checkbox(
        f"**{spec.title}**",
        value=form in usual_formats() and not missing,
        key=key_of("format", form.value),
        persist_state="session",
        disabled=bool(missing),
    )
    st.caption(spec.sentence)
    if missing:
        st.caption(f":material/block: Needs {' and '.join(missing)}: `pip install {' '.join(missing)}`")
        return False
    st.caption(" · ".join([f"`{spec.file}`", _size(known), *_times(known, one)]))
    if known.check:
        icon, colour, words = _MARKS.get(str(known.check.get("status")), _MARKS["not run"])
        st.badge(_mark_words(words, known), icon=icon, color=colour)  # type: ignore[arg-type]
    return is_chosen


def _size(known: Known) -> str:
    size = f"{known.size_bytes / 1e6:,.1f} MB" if known.size_bytes >= 1e5 else f"{known.size_bytes / 1e3:,.0f} kB"
    return size if known.is_counted else f"about {size}"


def _times(known: Known, item: str) -> list[str]:
    one, many = known.latency_ms.get("1"), known.latency_ms.get("32")
    if one is None or many is None:
        return []
    return [f"{one:,.0f} ms a {item}, {many:,.0f} ms for 32"]


def _mark_words(words: str, known: Known) -> str:
    """Return what a badge says: the agreement as well where a format may give other answers."""
    agreement = known.check.get("top1_agreement")
    if words != "checked" or agreement is None or agreement == 1:
        return words
    return f"{words}: {agreement:.1%} agree"

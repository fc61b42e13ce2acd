"""Something that takes seconds: a bar while it is computed, a button that cancels it, and the result kept for all."""

from __future__ import annotations

import time
from collections.abc import Callable, Hashable
from functools import partial
from operator import setitem
from typing import Any, TypeVar, cast

import streamlit as st
from streamlit.delta_generator import DeltaGenerator

from tlviz.runs.store.heartbeat import time_left
from tlviz.ui.cached.result_cache import ResultCache
from tlviz.ui.messages import left_words
from tlviz.ui.widgets.rows import words_and_buttons

Result = TypeVar("Result")
Progress = Callable[[int, int], None]
Sketch = Callable[[Any], None]
"""Takes a result that is not yet done."""

_CANCELLED = "cancelled_work"
_EVERY_S, _SKETCH_EVERY_S = 0.1, 0.4
_SHELF_SIZE = 24
_TELLING = 0.05
"""Below this share done, the pace is that of getting ready, and says nothing of the time left."""


@st.cache_resource(show_spinner=False)
def shelf() -> ResultCache:
    """Return what all tabs share."""
    return ResultCache(_SHELF_SIZE)


def computed(
    key: Hashable,
    doing: str,
    compute: Callable[[Progress, Sketch | None], Result],
    *,
    is_slow: bool,
    name: str,
    draw: Sketch | None = None,
) -> Result | None:
    """Return a result at once where it is known, else compute it with a bar; None where the person cancelled it.

    A click on Cancel, like any other change on the page, ends the script at the next tick of the bar; ``compute`` must
    leave everything as it was when its progress raises.  ``name`` distinguishes several bars of a page.  ``draw``
    shows what ``compute`` has so far below the bar.
    """
    known = shelf().get(key)
    if known is not None:
        return cast(Result, known)
    if st.session_state.get(_CANCELLED) == key:
        note, button = words_and_buttons()
        note.info(f"{doing} was cancelled.", icon=":material/cancel:")
        button.button("Compute it", key=f"again_{name}", on_click=partial(setitem, st.session_state, _CANCELLED, None))
        return None
    place = st.empty()
    with place.container():
        bar, button = words_and_buttons()
        shown = bar.progress(0.0, f"{doing} …")
        if is_slow:
            cancel = partial(setitem, st.session_state, _CANCELLED, key)
            button.button("Cancel", key=f"cancel_{name}", on_click=cancel)
        sketched = st.empty()
    result = compute(_teller(doing, shown.progress), _drawer(draw, sketched) if draw else None)
    place.empty()
    shelf().put(key, result)
    return result


def _teller(doing: str, show: Callable[[float, str], object]) -> Progress:
    """Return a progress that shows how far it is, ten times a second at most."""
    begun = time.monotonic()
    last = [0.0]

    def tell(done: int, total: int) -> None:
        now = time.monotonic()
        if now - last[0] < _EVERY_S:
            return
        last[0] = now
        left = left_words(time_left(now - begun, done, total)) if done >= _TELLING * total else ""
        show(min(1.0, done / max(1, total)), f"{doing}: step {done:,} of {total:,}{left}")

    return tell


def _drawer(draw: Sketch, place: DeltaGenerator) -> Sketch:
    """Return what shows a result that is not yet done at a place, twice a second at most."""
    last = [-_SKETCH_EVERY_S]

    def sketch(values: Any) -> None:
        now = time.monotonic()
        if now - last[0] < _SKETCH_EVERY_S:
            return
        last[0] = now
        with place.container():
            draw(values)

    return sketch


class Bar:
    """A progress bar with the time left, shown ten times a second at most, gone when its block ends."""

    def __init__(self, doing: str) -> None:
        self._doing, self._bar = doing, st.empty()

    def __enter__(self) -> Progress:
        return _teller(self._doing, self._bar.progress)

    def __exit__(self, *_: object) -> None:
        self._bar.empty()

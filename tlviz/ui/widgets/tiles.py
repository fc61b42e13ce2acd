"""Sprites on the page: rows and panes of crisp tiles, words on hover, and a click that says which tile was meant."""

from __future__ import annotations

import base64
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import streamlit as st

from tlviz.data.pixels.pictures import Pixels

_STATIC = Path(__file__).parent / "static"

_component = st.components.v2.component(
    "tlviz_tiles",
    html='<div class="tiles"></div>',
    css=(_STATIC / "tiles.css").read_text(encoding="utf-8"),
    js=(_STATIC / "tiles.js").read_text(encoding="utf-8"),
    isolate_styles=False,
)


@dataclass(frozen=True, slots=True)
class Pane:
    """A sprite, uint8 (h, w, 3 or 4), of ``columns`` tiles a line; on hover a tile says its line of ``hints``.

    A single map has a tile a position and ``values`` instead of hints; ``selected`` is the tile that is marked.
    """

    pixels: Pixels
    columns: int
    hints: Sequence[str] = ()
    values: Sequence[str] = ()
    selected: int | None = None
    crisp: bool = True

    @property
    def count(self) -> int:
        """The number of tiles."""
        return len(self.hints) or len(self.values)


@dataclass(frozen=True, slots=True)
class TileRow:
    """A line of panes with a title and a few words beside it."""

    title: str
    words: str
    panes: Sequence[Pane]


def render_tiles(
    rows: Sequence[TileRow],
    *,
    key: str,
    headings: Sequence[str] = ("",),
    titled: bool = True,
    on_pick: Callable[[int, int, int], None] | None = None,
) -> None:
    """Show rows of panes below their headings; a click calls ``on_pick(row, pane, tile)`` before the next run."""
    counts = [[pane.count for pane in row.panes] for row in rows]  # a callback outlives the run: it holds no pixels

    def report() -> None:
        picked = st.session_state[key].get("picked")
        if on_pick and isinstance(picked, dict):
            row, pane, tile = (int(picked.get(name, -1)) for name in ("row", "pane", "tile"))
            if 0 <= row < len(counts) and 0 <= pane < len(counts[row]) and 0 <= tile < counts[row][pane]:
                on_pick(row, pane, tile)

    data = {
        "headings": list(headings),
        "titled": titled,
        "clickable": on_pick is not None,
        "rows": [{"title": r.title, "words": r.words, "panes": [_pane(pane) for pane in r.panes]} for r in rows],
    }
    _component(key=key, data=data, on_picked_change=report)


def _pane(pane: Pane) -> dict[str, Any]:
    from tlviz.figures.sprites import to_png

    return {
        "png": f"data:image/png;base64,{base64.b64encode(to_png(pane.pixels)).decode()}",
        "columns": pane.columns,
        "count": pane.count,
        "hints": list(pane.hints) or None,
        "values": list(pane.values),
        "selected": pane.selected,
        "crisp": pane.crisp,
    }

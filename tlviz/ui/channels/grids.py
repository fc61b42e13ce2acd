"""Grids of pictures on the page, crisp, with words on hover."""

from __future__ import annotations

import base64
import html
from collections.abc import Sequence

import streamlit as st


def render_grid(png: bytes, cells: Sequence[str], columns: int, title: str) -> None:
    """Show a sprite of tiles under a title, with one line of ``cells`` for each tile on hover."""
    rows = -(-len(cells) // columns)
    wide, high = 1 / columns, 1 / rows
    spots = "".join(
        f'<span title="{html.escape(words)}" style="position:absolute;left:{at % columns * wide:.4%};'
        f'top:{at // columns * high:.4%};width:{wide:.4%};height:{high:.4%}"></span>'
        for at, words in enumerate(cells)
    )
    st.html(
        f'<div style="font-weight:600;margin-bottom:4px">{html.escape(title)}</div>'
        f'<div style="position:relative;line-height:0">{picture(png, title)}{spots}</div>'
    )


def picture(png: bytes, words: str, width: str = "100%") -> str:
    """Return the HTML of a picture whose pixels stay pixels."""
    return (
        f'<img alt="{html.escape(words)}" src="data:image/png;base64,{base64.b64encode(png).decode()}" '
        f'style="width:{width};image-rendering:pixelated;border-radius:4px">'
    )

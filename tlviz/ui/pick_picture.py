"""Choosing the picture to look at: one of the target, or an uploaded one."""

from __future__ import annotations

from pathlib import PurePath

import streamlit as st

from tlviz.data.images import ImageSet
from tlviz.data.pictures import Pixels
from tlviz.errors import TlvizError
from tlviz.ui import cached
from tlviz.ui.address import from_address
from tlviz.ui.state import Key
from tlviz.ui.words import show_error

SHOWCASE = ("zebra", "tiger", "tigre")


def pick_picture(images: ImageSet, model: str) -> Pixels:
    """Return the picture to look at: an uploaded one first, else the one chosen from the target."""
    from_address(Key.PICTURE, images.names, _first_picture(images))
    upload = st.session_state.get(Key.UPLOAD)
    chosen = st.selectbox(
        "Picture",
        images.names,
        key=Key.PICTURE,
        persist_state="session",
        help="Any picture of the target; type to search. An uploaded one goes first.",
        disabled=upload is not None,
    )
    if upload is not None:
        try:
            pixels, oddity = cached.uploaded(upload.getvalue(), upload.name, model)
        except TlvizError as error:
            show_error(error)
        else:
            if oddity:
                st.caption(f"{upload.name} is {oddity}.")
            return pixels
    picked: Pixels = images.pixels[images.names.index(chosen)]
    return picked


def _first_picture(images: ImageSet) -> str:
    """Return a picture whose stages are easy to read, where the target has one."""
    named = (name for word in SHOWCASE for name in images.names if PurePath(name).stem.startswith(word))
    return next(named, images.names[0])

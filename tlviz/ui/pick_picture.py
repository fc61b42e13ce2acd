"""Choosing the picture to look at: one of the target, or an uploaded one."""

from __future__ import annotations

from pathlib import PurePath

import streamlit as st
from streamlit.runtime.uploaded_file_manager import UploadedFile

from tlviz.data.images import ImageSet
from tlviz.data.pictures import Pixels
from tlviz.errors import TlvizError
from tlviz.ui import cached
from tlviz.ui.address import from_address, has_moved
from tlviz.ui.state import Key
from tlviz.ui.words import show_error

SHOWCASE = ("zebra", "tiger", "tigre")


def pick_picture(images: ImageSet, model: str) -> Pixels:
    """Return the picture to look at: an uploaded one first, else the one chosen from the target."""
    return _pick(images, model, "Picture", Key.PICTURE, Key.UPLOAD, _first_picture(images))


def pick_second(images: ImageSet, model: str) -> Pixels:
    """Return the picture beside it, by default the one that follows in the target."""
    following = images.names.index(st.session_state[Key.PICTURE]) + 1
    default = images.names[following % len(images.names)]
    return _pick(images, model, "Second picture", Key.SECOND, Key.SECOND_UPLOAD, default)


def picture_name(picture: Key, upload: Key) -> str:
    """Return what to call a chosen picture: its file's name."""
    given = given_file(upload)
    return PurePath(given.name if given is not None else st.session_state[picture]).name


def given_file(key: Key) -> UploadedFile | None:
    """Return an uploaded file, None right after a change of page: the field for it is empty then."""
    return None if has_moved() else st.session_state.get(key)


def _pick(images: ImageSet, model: str, label: str, key: Key, upload_key: Key, default: str) -> Pixels:
    from_address(key, images.names, default)
    upload = given_file(upload_key)
    chosen = st.selectbox(
        label,
        images.names,
        key=key,
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

"""Choosing the picture to look at: one of the target, or an uploaded one."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import partial
from pathlib import PurePath
from typing import Protocol

import streamlit as st

from tlviz.api.pictures import first_picture
from tlviz.api.snippets import Looked
from tlviz.data.images import ImageSet
from tlviz.data.pixels.pictures import Pixels
from tlviz.errors import TlvizError
from tlviz.ui.address import from_address, has_moved
from tlviz.ui.cached import looks
from tlviz.ui.messages import show_error
from tlviz.ui.state import Key


class Given(Protocol):
    """A picture of a person's own: a file that was uploaded, or one that another page handed on."""

    @property
    def name(self) -> str:
        """What it is called."""

    def getvalue(self) -> bytes:
        """Return its file's content."""


@dataclass(frozen=True, slots=True)
class Handed:
    """A picture that another page handed on, to be looked at like an uploaded one."""

    name: str
    content: bytes

    def getvalue(self) -> bytes:
        """Return its file's content."""
        return self.content


def given_picture(upload: str = Key.UPLOAD) -> Given | None:
    """Return the person's own picture: an uploaded one first, else for the first picture one that was handed on.

    Right after a change of page the field for an upload is empty, though the session still has the file.
    """
    handed = st.session_state.get(Key.HANDED) if upload == Key.UPLOAD else None
    uploaded = None if has_moved() else st.session_state.get(upload)
    given: Given | None = uploaded or handed
    return given


def looked_at(
    model: str, data: str, runs: Sequence[str] = (), picture: Key = Key.PICTURE, upload: Key = Key.UPLOAD
) -> Looked:
    """Return what is looked at, for the lines of code that look at it."""
    given = given_picture(upload)
    name = str(st.session_state[picture]) if given is None else given.name
    return Looked(model, data, name, given is not None, tuple(runs))


def pick_picture(images: ImageSet, model: str) -> Pixels:
    """Return the picture to look at: an uploaded one first, else the one chosen from the target."""
    return _pick(images, model, "Picture", Key.PICTURE, Key.UPLOAD, first_picture(images.names))


def pick_second(images: ImageSet, model: str) -> Pixels:
    """Return the picture beside it, by default the one that follows in the target."""
    following = images.names.index(st.session_state[Key.PICTURE]) + 1
    default = images.names[following % len(images.names)]
    return _pick(images, model, "Second picture", Key.SECOND, Key.SECOND_UPLOAD, default)


def picture_name(picture: Key, upload: Key) -> str:
    """Return what to call a chosen picture: its file's name."""
    given = given_picture(upload)
    return PurePath(given.name if given is not None else st.session_state[picture]).name


def _pick(images: ImageSet, model: str, label: str, key: Key, upload_key: Key, default: str) -> Pixels:
    from_address(key, images.names, default)
    upload = given_picture(upload_key)
    chosen = st.selectbox(
        label,
        images.names,
        key=key,
        persist_state="session",
        help="Any picture of the target; type to search. An uploaded picture takes precedence.",
        disabled=upload is not None,
    )
    if upload is not None:
        try:
            pixels, oddity = looks.uploaded(upload.getvalue(), upload.name, model, images.depth)
        except TlvizError as error:
            show_error(error)
        else:
            if oddity:
                st.caption(f"{upload.name} is {oddity}.")
            _offer_the_targets(upload)
            return pixels
    picked: Pixels = images.pixels[images.names.index(chosen)]
    return picked


def _offer_the_targets(given: Given) -> None:
    """Let a person leave a picture that was handed on."""
    if isinstance(given, Handed):
        forget = partial(st.session_state.pop, Key.HANDED, None)
        st.button(
            f"Close {PurePath(given.name).name}", icon=":material/close:", key="leave_handed", type="tertiary",
            on_click=forget, help="Returns to the pictures of the target.",
        )  # fmt: skip

"""Finding a folder of pictures on this machine: what each folder looks like, and where one goes from here."""

from __future__ import annotations

from pathlib import Path

import streamlit as st

from tlviz.data.sources.archive import is_archive
from tlviz.data.sources.browse import Glances, Listing, glance, list_folder, shortened
from tlviz.data.sources.recent import browsed, note_browsed
from tlviz.errors import BadDatasetError
from tlviz.ui.messages import heed, plain, show_error
from tlviz.ui.state import Key, key_of
from tlviz.ui.target.given import take
from tlviz.ui.widgets.rows import words_and_buttons

ROWS = 12
LOOK_S = 0.8
"""What the folders of a page look like is said within this time; the others are opened by hand."""
_PATH, _PAGE, _FIND = "browse_path", "browse_page", "browse_find"


@st.fragment
def render_browser() -> None:
    """Draw the folders of one folder, each with what it looks like; a chosen one is previewed."""
    at = st.session_state.setdefault(Key.BROWSED, str(browsed()))
    st.session_state.setdefault(_PATH, at)
    with st.container(horizontal=True, vertical_alignment="bottom"):
        st.text_input(
            "Folder", key=_PATH, on_change=_go_to_written,
            help="Open a folder below, or write a path and press Enter: a folder, a CSV of paths and labels, or a ZIP.",
        )  # fmt: skip
        st.button("Up", icon=":material/arrow_upward:", key="browse_up", on_click=_go, args=(str(Path(at).parent),))
        st.button("Home", icon=":material/home:", key="browse_home", on_click=_go, args=(str(Path.home()),))
    try:
        listing = list_folder(at)
    except BadDatasetError as error:
        show_error(error)
        return
    _this_folder(listing)
    _folders(listing)


def _this_folder(listing: Listing) -> None:
    """Say what the folder itself looks like, and offer it and the files in it."""
    look = glance(listing.path)
    mark = ":green[:material/check_circle:]" if look.is_target else ":material/folder_open:"
    words, button = words_and_buttons()
    words.markdown(f"{mark} **{plain(Path(listing.path).name or listing.path)}**: {plain(look.words)}.")
    if look.is_target or listing.pictures:
        _take_button(button, "Look at these pictures", listing.path, is_first=True)
    for name in listing.files[:ROWS]:
        words, button = words_and_buttons()
        kind = "an archive" if is_archive(Path(name)) else "a table; perhaps of paths and labels"
        words.markdown(f":material/description: {plain(name)}: {kind}.")
        label = "Unpack it" if is_archive(Path(name)) else "Look at it"
        _take_button(button, label, str(Path(listing.path) / name))


def _folders(listing: Listing) -> None:
    """List the folders in it, a page of them at a time."""
    wanted = ""
    if len(listing.folders) > ROWS:
        wanted = str(st.text_input("Find a folder in this one", key=_FIND, placeholder="a part of its name")).casefold()
    found = [folder for folder in listing.folders if wanted in folder[0].casefold()]
    pages = max(1, -(-len(found) // ROWS))
    page = min(int(st.session_state.get(_PAGE) or 1), pages)
    glances = Glances(LOOK_S)
    with st.container(border=True, gap="xsmall"):
        for name, path in found[(page - 1) * ROWS : page * ROWS]:
            look = shortened(glances.of(path))
            row, button = words_and_buttons()
            mark = " :green[:material/check_circle:]" if look.is_target else ""
            with row.container(horizontal=True, vertical_alignment="center", gap="small"):
                st.button(
                    plain(name), icon=":material/folder:", key=key_of("browse_open", path), type="tertiary",
                    on_click=_go, args=(path,), help="Open this folder.",
                )  # fmt: skip
                st.caption(f"{mark} {plain(look.words)}")
            if look.is_target:
                _take_button(button, "Look at it", path)
        if not found:
            st.caption("No folders in it." if not wanted else "No folder of that name in it.")
    with st.container(horizontal=True, vertical_alignment="center"):
        if pages > 1:
            st.number_input(f"Page, of {pages:,}", 1, pages, key=_PAGE, width=160)
        st.caption(_words(listing))


def _words(listing: Listing) -> str:
    """Say how many folders there are and what is not shown."""
    said = [f"{len(listing.folders):,} folders" if listing.is_whole else f"the first {len(listing.folders):,} folders"]
    if listing.hidden:
        said.append(f"{listing.hidden:,} that you may not open {'is' if listing.hidden == 1 else 'are'} left out")
    if not listing.is_whole:
        said.append("there is more in it than is listed here: write the path")
    return (
        f"{'; '.join(said)}. Hidden folders are left out. Nothing is copied, and no picture is opened before you ask."
    )


def _take_button(place: st.delta_generator.DeltaGenerator, label: str, path: str, *, is_first: bool = False) -> None:
    if place.button(
        label, key=key_of("browse_take", path, is_first), type="primary" if is_first else "secondary",
        icon=":material/visibility:",
    ):  # fmt: skip
        take(path)
        st.rerun()


def _go(path: str) -> None:
    """Go to a folder, and remember it."""
    st.session_state[Key.BROWSED] = st.session_state[_PATH] = path
    st.session_state[_PAGE], st.session_state[_FIND] = 1, ""
    note_browsed(path)


def _go_to_written() -> None:
    """Go where a person wrote; a file is taken at once."""
    heed(_follow, str(st.session_state[_PATH]).strip().strip("\"'"))


def _follow(text: str) -> None:
    path = Path(text).expanduser()
    if path.is_dir():
        _go(str(path.resolve()))
    else:
        take(text)

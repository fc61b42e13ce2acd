"""The target in the sidebar: what ships, what was brought in, what was used lately, and a path of one's own."""

from __future__ import annotations

from collections import Counter
from pathlib import Path

import streamlit as st

from tlviz.data.images import dataset_title, find_dataset
from tlviz.data.sources.archive import is_archive
from tlviz.data.sources.catalogue import SHIPPED
from tlviz.data.sources.folder import given_path
from tlviz.data.sources.public import PUBLIC, is_downloaded
from tlviz.data.sources.recent import Recent, find_recent, list_recent
from tlviz.data.sources.store import list_stored, stored
from tlviz.errors import BadDatasetError, TlvizError
from tlviz.learn.class_folder import class_datasets
from tlviz.learn.words import define
from tlviz.medium import WORDS, Medium
from tlviz.ui.address import from_address, to_address
from tlviz.ui.messages import plain
from tlviz.ui.state import Key

OWN_FOLDER = "folder"
TARGET_PAGE = "pages/target.py"
MOST_RECENT = 20

FOLDER_HELP = (
    "A folder with one sub-folder per class, optionally inside train/, val/ and test/; or a CSV of paths and labels. "
    "The pictures stay where they are."
)


class NothingChosenError(TlvizError):
    """No target is chosen yet: what to do, not a mistake."""


class MovedError(BadDatasetError):
    """A target that was used before is not where it was; ``recent`` is what is known of it."""

    def __init__(self, recent: Recent) -> None:
        super().__init__(
            f"{recent.title} is not at {recent.path} any more; say on the Target page where it is now, or plug in its "
            "disk."
        )
        self.recent = recent


def target() -> str:
    """Return the chosen target's name or path.

    Raises ``NothingChosenError`` while none is given, ``MovedError`` where a known one is gone, and
    ``BadDatasetError``.
    """
    chosen = str(st.session_state[Key.TARGET])
    if chosen == OWN_FOLDER:
        return _typed()
    if chosen in (own := _of_class()):
        return str(own[chosen])
    if not Path(chosen).is_absolute():
        unpacked = stored(chosen)
        return str(unpacked) if unpacked and chosen not in PUBLIC else chosen
    recent = find_recent(chosen)
    if recent is not None and not recent.is_here():
        raise MovedError(recent)
    return chosen


def _typed() -> str:
    folder = str(st.session_state.get(Key.FOLDER) or "").strip()
    if not folder:
        raise NothingChosenError("No pictures are chosen yet: find their folder, or drop them, on the Target page.")
    path = find_dataset(str(given_path(folder).absolute()))
    if isinstance(path, Path) and path.is_file() and is_archive(path):
        raise BadDatasetError(f"{path} is an archive: import it on the Target page, which unpacks it.")
    recent = find_recent(str(path))
    if recent is not None and not recent.is_here():
        raise MovedError(recent)
    return str(path) if isinstance(path, Path) else folder


def target_or_none() -> str | None:
    """Return the chosen target, or None where none is given or found."""
    try:
        return target()
    except TlvizError:
        return None


def render_target_field(medium: Medium) -> None:
    """Draw the list of targets of one medium; below it what the chosen one is, or the field for a path."""
    shipped = [name for name, spec in SHIPPED.items() if spec.medium is medium]
    brought = [*_of_class(), *_brought_in()] if medium is Medium.PICTURES else []
    options = [*shipped, *brought, *_recent(medium), OWN_FOLDER]
    _take_arrived(options)
    _take_path_from_link(options)
    from_address(Key.TARGET, options, options[0])
    titles = _titles(options)
    st.session_state[Key.TARGET] = st.session_state[Key.TARGET]  # another list, or other words in it, change nothing
    st.selectbox("Target", options, format_func=titles.__getitem__, key=Key.TARGET, help=define("target"))
    chosen = st.session_state[Key.TARGET]
    if chosen == OWN_FOLDER:
        st.session_state.setdefault(Key.FOLDER, st.query_params.get(Key.FOLDER, ""))
        st.text_input(
            "Folder or CSV", key=Key.FOLDER, placeholder="/path/to/pictures", help=FOLDER_HELP,
            label_visibility="collapsed",
        )  # fmt: skip
        st.page_link(TARGET_PAGE, label="Find a folder, or drop pictures", icon=":material/folder_open:")
        to_address(Key.FOLDER)
    else:
        st.caption(_sentence(chosen))
        st.query_params.pop(Key.FOLDER, None)


def choose_path(path: str) -> None:
    """Make a folder or a table the target, before the field is drawn."""
    own = stored(Path(path).name)
    if own is not None and str(own) == path:
        st.session_state[Key.TARGET] = own.name
    elif find_recent(path) is not None:
        st.session_state[Key.TARGET] = path
    else:
        st.session_state[Key.TARGET], st.session_state[Key.FOLDER] = OWN_FOLDER, path


def used_words(recent: Recent) -> str:
    """Say when a target was used last, '' where that is not known."""
    from datetime import datetime

    days = recent.days_ago()
    if days is None:
        return ""
    if days < 2:
        return "today" if days < 1 else "yesterday"
    return f"{datetime.fromisoformat(recent.used).astimezone():%d %b %Y}".lstrip("0")


def _of_class() -> dict[str, Path]:
    """Return the targets of an instructor's folder; one that is not there is said on the page, not here."""
    try:
        found = class_datasets()
    except TlvizError:
        return {}
    return {name: path for name, path in found.items() if name not in {*SHIPPED, *PUBLIC, OWN_FOLDER}}


def _brought_in() -> list[str]:
    """Return the names of downloaded public datasets, and of stored targets that are not hidden."""
    public = [name for name, spec in PUBLIC.items() if is_downloaded(spec)]
    hidden = {Path(one.path).name for one in list_recent() if one.is_hidden and one.is_stored}
    return [*public, *(one.name for one in list_stored() if one.name not in PUBLIC and one.name not in hidden)]


def _recent(medium: Medium) -> list[str]:
    """Return the paths of the folders and tables that were used lately, the newest first."""
    return [one.path for one in list_recent() if not one.is_stored and one.medium == medium][:MOST_RECENT]


def _take_arrived(options: list[str]) -> None:
    """Make what has just been brought in the target."""
    arrived = st.session_state.pop(Key.ARRIVED, None)
    if not arrived:
        return
    if Path(arrived).name in options:
        st.session_state[Key.TARGET] = Path(arrived).name
    elif Path(arrived).is_absolute():
        choose_path(arrived)


def _take_path_from_link(options: list[str]) -> None:
    """Show a path that a link names, also where it is in nobody's list here."""
    asked = st.session_state.get(Key.TARGET) or st.query_params.get(Key.TARGET) or ""
    if asked not in options and Path(asked).is_absolute():
        st.session_state[Key.TARGET], st.session_state[Key.FOLDER] = OWN_FOLDER, asked


def _titles(options: list[str]) -> dict[str, str]:
    """Return what stands in the list for each target, each different: Streamlit goes by the words."""
    titles = {name: _title(name) for name in options}
    counts = Counter(titles.values())
    return {name: f"{title} · {_beside(name)}" if counts[title] > 1 else title for name, title in titles.items()}


def _beside(name: str) -> str:
    """Return what tells targets of one title apart: where they lie."""
    return str(Path(name).parent) if Path(name).is_absolute() else name


def _title(name: str) -> str:
    if name == OWN_FOLDER:
        return "My own …"
    if name in SHIPPED or name in PUBLIC:
        return dataset_title(name)
    if name in _of_class():
        return name
    unpacked = None if Path(name).is_absolute() else stored(name)
    recent = find_recent(str(unpacked.resolve()) if unpacked else name)
    title = dataset_title(name)
    return f"{title} · {_size(recent)}" if recent else title


def _size(recent: Recent) -> str:
    return " · ".join(filter(None, (f"{recent.images:,} {_items(recent)}", used_words(recent))))


def _items(recent: Recent) -> str:
    return WORDS[Medium(recent.medium)].several if recent.medium in set(Medium) else "items"


def _sentence(name: str) -> str:
    if name in SHIPPED:
        return SHIPPED[name].sentence
    if name in PUBLIC:
        return PUBLIC[name].sentence
    if name in _of_class():
        return "From your class's folder."
    if Path(name).is_absolute():
        return plain(name) if Path(name).exists() else f":material/link_off: not at {plain(name)} any more"
    return "A copy in the program's own folder."

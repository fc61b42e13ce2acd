"""The frame around every page: source and target in the sidebar, the device, and the runs that are going on."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import NamedTuple, NoReturn

import streamlit as st
from streamlit.delta_generator import DeltaGenerator
from streamlit.navigation.page import StreamlitPage

from tlviz.data.images import dataset_title, find_dataset
from tlviz.data.sources.archive import is_archive
from tlviz.data.sources.catalogue import DATASETS, SHIPPED, TEXTS
from tlviz.data.sources.folder import given_path
from tlviz.data.sources.public import PUBLIC, is_downloaded
from tlviz.data.sources.store import list_stored, read_note, stored
from tlviz.errors import BadDatasetError, TlvizError, is_out_of_memory
from tlviz.home import ASSETS
from tlviz.medium import WORDS, Medium
from tlviz.models.local_weights import available_models
from tlviz.models.spec import ModelSpec
from tlviz.runs.store.device import device_name
from tlviz.runs.store.folder import list_runs
from tlviz.ui.address import from_address, to_address
from tlviz.ui.messages import show_error, show_trouble
from tlviz.ui.state import Key
from tlviz.ui.widgets.panels import RECENT, active_runs

OWN_FOLDER = "folder"
ENTER = "enter"

SOURCE_HELP = "Source: the pretrained network, the task it was trained on and that task's images (here ImageNet)."
TARGET_HELP = "Target: the new task, its classes and its images."
FOLDER_HELP = (
    "A folder with one sub-folder per class, optionally inside train/, val/ and test/; or a CSV of paths and labels. "
    "The pictures stay where they are."
)


LAYOUT = """<style>
[data-testid="stSidebarHeader"] { height: 2.2rem; margin-bottom: 0; }
[data-testid="stSidebarNavLink"] { padding-block: 0; margin-block: 0; min-height: 0; line-height: 1.55rem; }
[data-testid="stNavSectionHeader"] { padding-block: 0; margin-block: 0; min-height: 0; line-height: 1.3rem; }
[data-testid="stSidebarNavItems"], [data-testid="stSidebarNavItems"] li { margin: 0; padding-block: 0; gap: 0; }
[data-testid="stSidebarNavItems"] > div + div { margin-top: 0.35rem; }
[data-testid="stSidebarNavSeparator"] { margin-block: 0.4rem; }
[data-testid="stSidebarUserContent"] { padding-top: 0.2rem; }
[data-testid="stSidebarUserContent"] [data-testid="stVerticalBlock"] { gap: 0.5rem; }
[data-testid="stMainBlockContainer"] { padding-inline: clamp(1.5rem, 3.5vw, 5rem); }
</style>"""
"""Twelve pages in five groups leave room for source and target above the fold, and margins for what is shown."""

_READABLE = Path(__file__).parent / "widgets" / "static" / "readable.css"


class PageEntry(NamedTuple):
    """A row of the page table: the page's file, its name in the menu, the question it answers, its icon, its group.

    ``media`` are what the page can show.
    """

    file: str
    name: str
    question: str
    icon: str
    group: str
    media: frozenset[Medium] = frozenset(Medium)


_OF_PICTURES = frozenset({Medium.PICTURES})

PAGES = (
    PageEntry("pages/overview.py", "Overview", "What do I have?", ":material/home:", "Choose", _OF_PICTURES),
    PageEntry("pages/models.py", "Models", "Which networks are there?", ":material/hub:", "Choose"),
    PageEntry("pages/target.py", "Target", "Is my data sound?", ":material/photo_library:", "Choose", _OF_PICTURES),
    PageEntry(
        "pages/feature_maps.py",
        "Feature maps",
        "What does each stage see?",
        ":material/visibility:",
        "Look",
        _OF_PICTURES,
    ),
    PageEntry(
        "pages/channels.py", "Channels", "What is this channel for?", ":material/filter_alt:", "Look", _OF_PICTURES
    ),
    PageEntry(
        "pages/attributions.py",
        "Attributions",
        "Why this answer?",
        ":material/center_focus_strong:",
        "Look",
        _OF_PICTURES,
    ),
    PageEntry(
        "pages/measure.py", "Measure", "Which layers are general, which specific?", ":material/analytics:", "Measure"
    ),
    PageEntry("pages/finetune.py", "Fine-tune", "How do I train it?", ":material/model_training:", "Train"),
    PageEntry("pages/race.py", "Race", "Which strategy wins, and is it noise?", ":material/flag:", "Train"),
    PageEntry(
        "pages/compare.py",
        "Compare",
        "What changed, down to the single image?",
        ":material/compare_arrows:",
        "Train",
        _OF_PICTURES,
    ),
    PageEntry("pages/runs.py", "Runs", "Which runs have I made?", ":material/list_alt:", "Keep"),
    PageEntry(
        "pages/export.py", "Export", "Is it ready to use elsewhere?", ":material/download:", "Keep", _OF_PICTURES
    ),
)


def open_frame() -> StreamlitPage:
    """Draw what surrounds every page and return the chosen page; the first of the table is the default."""
    # The icon first: the navigation would fetch a picture of the page's own from another machine.
    icon = str(ASSETS / "pictures" / "icon.png")
    st.set_page_config(page_title="tlviz", page_icon=icon, layout="wide")
    page = st.navigation(_menu(), expanded=True)
    st.set_page_config(page_title=f"{page.title} · tlviz", page_icon=icon, layout="wide")
    _go_on_to_the_page()
    st.session_state[Key.MOVED] = st.session_state.get(Key.PAGE, page.url_path) != page.url_path
    st.session_state[Key.PAGE] = page.url_path
    _render_sidebar()
    st.session_state[Key.FRAMED] = True
    return page


def _menu() -> dict[str, list[StreamlitPage]]:
    """Return the pages by what a person does there, in the order in which it is done."""
    groups: dict[str, list[StreamlitPage]] = {}
    for entry in PAGES:
        groups.setdefault(entry.group, []).append(st.Page(entry.file, title=entry.name, icon=entry.icon))
    return groups


def _render_sidebar() -> None:
    """Draw source, target, device and active runs; what is chosen holds for all pages and is in the address bar."""
    with st.sidebar:
        st.html(LAYOUT)
        st.html(_READABLE)
        sources = available_models()
        from_address(Key.SOURCE, list(sources), next(iter(sources)))
        st.selectbox(
            "Source", list(sources), format_func=lambda name: sources[name].title, key=Key.SOURCE, help=SOURCE_HELP
        )
        st.caption(sources[source()].sentence)
        targets = _targets_for(sources[source()])
        _take_arrived(targets)
        from_address(Key.TARGET, targets, targets[0])
        st.selectbox("Target", targets, format_func=_target_title, key=Key.TARGET, help=TARGET_HELP)
        if st.session_state[Key.TARGET] == OWN_FOLDER:
            st.session_state.setdefault(Key.FOLDER, st.query_params.get(Key.FOLDER, ""))
            st.text_input("Folder or CSV", key=Key.FOLDER, placeholder="/path/to/pictures", help=FOLDER_HELP)
            to_address(Key.FOLDER)
        else:
            st.caption(_target_sentence(st.session_state[Key.TARGET]))
            st.query_params.pop(Key.FOLDER, None)
        to_address(Key.SOURCE, Key.TARGET)
        st.caption(f"**Device** {device_name()}")
        if any(not run.status().is_over for run in list_runs()[:RECENT]):
            active_runs()


def page_title(name: str, place: DeltaGenerator | None = None) -> None:
    """Say, as the page's one heading of the first level, what the page is and which question it answers."""
    question = next(entry.question for entry in PAGES if entry.name == name)
    (place or st).title(f"{name}: {question[0].lower()}{question[1:]}", anchor=False)


def source() -> str:
    """Return the chosen network's name."""
    return str(st.session_state[Key.SOURCE])


def target() -> str:
    """Return the chosen target's name or folder.  Raises ``BadDatasetError`` while no folder is given."""
    chosen = str(st.session_state[Key.TARGET])
    if chosen != OWN_FOLDER:
        unpacked = stored(chosen)
        return str(unpacked) if unpacked and chosen not in PUBLIC else chosen
    folder = str(st.session_state.get(Key.FOLDER) or "").strip()
    if not folder:
        raise BadDatasetError("No folder is given yet: type the path of your pictures into the field in the sidebar.")
    path = find_dataset(str(given_path(folder).absolute()))
    if isinstance(path, Path) and path.is_file() and is_archive(path):
        raise BadDatasetError(f"{path} is an archive: import it on the Target page, which unpacks it.")
    return str(path) if isinstance(path, Path) else folder


def target_or_none() -> str | None:
    """Return the chosen target, or None where none is given or found."""
    try:
        return target()
    except TlvizError:
        return None


def guarded(page: Callable[[], None]) -> None:
    """Draw a page; what a person can mend is one sentence on it, never a traceback."""
    if not st.session_state.pop(Key.FRAMED, False):
        _enter_by_the_front_door(page)
    show_trouble()
    if _is_for_others(Path(page.__code__.co_filename).name):
        return
    try:
        page()
    except TlvizError as error:
        show_error(error)
    except (MemoryError, RuntimeError) as error:
        if not is_out_of_memory(error):
            raise
        show_error("There was not enough memory for this view; choose a smaller network, or close other programs.")


def _is_for_others(file: str) -> bool:
    """Say in one sentence, where a page cannot show what the source takes yet, where it goes on."""
    entry = next(one for one in PAGES if one.file == f"pages/{file}")
    medium = available_models()[source()].medium
    if medium in entry.media:
        return False
    page_title(entry.name)
    st.info(
        f"This page does not show {WORDS[medium].several} yet; Measure, Fine-tune, Race and Runs do, or choose "
        f"{WORDS[Medium.PICTURES].network}, in the sidebar.",
        icon=":material/info:",
    )
    for other in PAGES:
        if medium in other.media and other.group in ("Measure", "Train", "Keep"):
            st.page_link(other.file, label=f"{other.name}: {other.question[0].lower()}{other.question[1:]}")
    return True


def _enter_by_the_front_door(page: Callable[[], None]) -> NoReturn:
    """Go to the page by way of ``app.py``.

    Where the very first visit to a fresh server is a link to a page, Streamlit does not know yet that ``app.py`` has a
    page table, and runs the page's file alone.
    """
    file = Path(page.__code__.co_filename).name
    st.switch_page("app.py", query_params={**st.query_params.to_dict(), ENTER: f"pages/{file}"})  # noqa: TID251


def _go_on_to_the_page() -> None:
    """Finish what ``_enter_by_the_front_door`` began."""
    address = st.query_params.to_dict()
    wanted = address.pop(ENTER, None)
    if wanted in {entry.file for entry in PAGES}:
        st.switch_page(wanted, query_params=address)  # noqa: TID251


def _targets_for(spec: ModelSpec) -> list[str]:
    """Return the targets that a network can learn: only like goes with like."""
    if spec.medium is Medium.TEXTS:
        return [*TEXTS, OWN_FOLDER]
    return [*DATASETS, *_brought_in(), OWN_FOLDER]


def _brought_in() -> list[str]:
    """Return the names of downloaded public datasets and of unpacked archives."""
    public = [name for name, spec in PUBLIC.items() if is_downloaded(spec)]
    return [*public, *(folder.name for folder in list_stored() if folder.name not in PUBLIC)]


def _take_arrived(targets: list[str]) -> None:
    """Make what has just been brought in the target."""
    arrived = st.session_state.pop(Key.ARRIVED, None)
    if arrived and Path(arrived).name in targets:
        st.session_state[Key.TARGET] = Path(arrived).name


def _target_title(name: str) -> str:
    if name == OWN_FOLDER:
        return "My own …"
    unpacked = stored(name) if name not in PUBLIC else None
    return Path(str(read_note(unpacked).get("archive", name))).name if unpacked else dataset_title(name)


def _target_sentence(name: str) -> str:
    if name in SHIPPED:
        return SHIPPED[name].sentence
    return PUBLIC[name].sentence if name in PUBLIC else "Unpacked from your archive."

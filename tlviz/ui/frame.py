"""The frame around every page: source and target in the sidebar, the device, and the runs that are going on."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import NamedTuple, NoReturn

import streamlit as st
from streamlit.delta_generator import DeltaGenerator
from streamlit.navigation.page import StreamlitPage

from tlviz.errors import TlvizError, is_out_of_memory
from tlviz.home import ASSETS
from tlviz.learn.words import define
from tlviz.medium import WORDS, Medium
from tlviz.models.local_weights import available_models
from tlviz.program import is_for_projector
from tlviz.runs.store.device import device_name, faster_words
from tlviz.runs.store.folder import list_runs
from tlviz.ui.address import from_address, to_address
from tlviz.ui.messages import show_error, show_trouble
from tlviz.ui.state import Key
from tlviz.ui.widgets.invite import render_invite
from tlviz.ui.widgets.panels import RECENT, active_runs
from tlviz.ui.widgets.target_field import (
    OWN_FOLDER,
    TARGET_PAGE,
    NothingChosenError,
    render_target_field,
    target,
    target_or_none,
)

__all__ = [
    "OWN_FOLDER",
    "PAGES",
    "guarded",
    "open_frame",
    "page_title",
    "source",
    "target",
    "target_or_none",
]
ENTER = "enter"


LAYOUT = """<style>
[data-testid="stSidebarHeader"] { height: 1.5rem; margin-bottom: 0; }
[data-testid="stSidebarNavLink"] { padding-block: 0; margin-block: 0; min-height: 0; line-height: 1.55rem; }
[data-testid="stNavSectionHeader"] { padding-block: 0; margin-block: 0; min-height: 0; line-height: 1.3rem; }
[data-testid="stSidebarNavItems"], [data-testid="stSidebarNavItems"] li { margin: 0; padding-block: 0; gap: 0; }
[data-testid="stSidebarNavItems"] > div + div { margin-top: 0.35rem; }
[data-testid="stSidebarNavSeparator"] { margin-block: 0.1rem; }
[data-testid="stSidebarUserContent"] { padding-top: 0.2rem; }
[data-testid="stSidebarUserContent"] [data-testid="stVerticalBlock"] { gap: 0.5rem; }
[data-testid="stMainBlockContainer"] { padding-inline: clamp(1.5rem, 3.5vw, 5rem); }
</style>"""
"""Thirteen pages in six groups leave room for source and target above the fold, and margins for what is shown."""

FOR_PROJECTOR = "<style>html { font-size: 20px; } [data-testid='stSidebar'] { font-size: 0.9rem; }</style>"
"""Streamlit's sizes are multiples of the page's; figures/theme.py does the same for charts."""

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
    PageEntry("pages/feature_maps.py", "Feature maps", "What does each stage see?", ":material/visibility:", "Look"),
    PageEntry(
        "pages/channels.py", "Channels", "What is this channel for?", ":material/filter_alt:", "Look", _OF_PICTURES
    ),
    PageEntry(
        "pages/attributions.py",
        "Attributions",
        "Why this answer?",
        ":material/center_focus_strong:",
        "Look",
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
    PageEntry("pages/export.py", "Export", "Is it ready to use elsewhere?", ":material/download:", "Keep"),
    PageEntry("pages/learn.py", "Learn", "Is what the course says true?", ":material/school:", "Learn"),
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
        if is_for_projector():
            st.html(FOR_PROJECTOR)
        sources = available_models()
        from_address(Key.SOURCE, list(sources), next(iter(sources)))
        st.selectbox(
            "Source", list(sources), format_func=lambda name: sources[name].title, key=Key.SOURCE,
            help=define("source", f"**{sources[source()].title}**: {sources[source()].sentence}"),
        )  # fmt: skip
        render_target_field(sources[source()].medium)
        to_address(Key.SOURCE, Key.TARGET)
        st.caption(f"**Device** {device_name()}", help=faster_words())
        if any(not run.status().is_over for run in list_runs()[:RECENT]):
            active_runs()


def page_title(name: str, place: DeltaGenerator | None = None) -> None:
    """Say, as the page's one heading of the first level, what the page is and which question it answers."""
    question = next(entry.question for entry in PAGES if entry.name == name)
    (place or st).title(f"{name}: {question[0].lower()}{question[1:]}", anchor=False)


def source() -> str:
    """Return the chosen network's name."""
    return str(st.session_state[Key.SOURCE])


def guarded(page: Callable[[], None]) -> None:
    """Draw a page; what a person can mend is one sentence on it, never a traceback."""
    if not st.session_state.pop(Key.FRAMED, False):
        _enter_by_the_front_door(page)
    show_trouble()
    if _is_for_others(Path(page.__code__.co_filename).name):
        return
    try:
        page()
    except NothingChosenError as error:
        render_invite(str(error), "Choose my pictures", TARGET_PAGE, ":material/photo_library:", key="choose_pictures")
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
        f"This page does not show {WORDS[medium].several} yet; Attributions, Measure, Fine-tune, Race, Runs and "
        f"Export do, or choose {WORDS[Medium.PICTURES].network}, in the sidebar.",
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

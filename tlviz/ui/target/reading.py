"""How a target is read, said on the page; where it could be read otherwise, a person chooses, and it is remembered."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import asdict
from pathlib import Path

import streamlit as st

from tlviz.data.images import DEEP_ACTION, ImageSet
from tlviz.data.pixels.depth import AS_STORED
from tlviz.data.pixels.depth import plain as plain_number
from tlviz.data.sources.notes import remember_reading, remembered_reading
from tlviz.data.sources.reading import GUESSED, Layout, ReadAs
from tlviz.finetune.config import SETTINGS
from tlviz.ui.cached import targets
from tlviz.ui.messages import heed, plain
from tlviz.ui.state import key_of
from tlviz.ui.widgets.headings import FILE_COLUMNS
from tlviz.ui.widgets.rows import words_and_buttons

MOST_ROWS = 1000
AS_IT_LOOKS, NONE = "as it looks", "none"
LAYOUT_WORDS = {
    Layout.CLASSES: "one folder a class",
    Layout.PARTS: "one folder a part, in it the classes",
    Layout.LEAVES: "the innermost folders are the classes",
    Layout.NAMES: "the names of the files say the class",
}
DEPTHS = ("value_range", "bands", "no_data")
PATTERNS = ("class_pattern", "group_pattern")
COLUMNS = ("label_column", "path_column", "split_column", "group_column")


def reading_line(images: ImageSet) -> None:
    """Say in one line how a target is read and how much is left out."""
    words = images.reading.in_words()
    count = len(images.left_out)
    left_out = f"; {files_words(count)} {'is' if count == 1 else 'are'} left out" if count else ""
    if words or left_out:
        st.caption(f"**{plain(images.title)}** is read as {plain(words) or 'it is'}{left_out}.")


def render_reading(data: str, images: ImageSet) -> None:
    """Say how a target is read, ask what is not certain, list what is left out, and let a person choose otherwise."""
    reading = images.reading
    line, button = words_and_buttons()
    with line:
        reading_line(images)
    if reading.layouts or reading.columns or images.deep:
        with button.popover("Read it differently", icon=":material/alt_route:"):
            render_choices(data, reading.layouts, reading.columns, is_deep=images.deep > 0)
    deep = next((met.problem for met in images.problems if met.action == DEEP_ACTION), "")
    if deep:
        st.caption(f"{plain(deep)}.")
    for question in reading.questions:
        st.warning(
            f"{plain(question.sentence.rstrip('. '))}. Choose under *Read it differently*; nothing is trained before.",
            icon=":material/help:",
        )
    if images.left_out:
        with st.expander(f"Left out: {files_words(len(images.left_out))}", icon=":material/block:"):
            st.dataframe(
                [asdict(left) for left in images.left_out[:MOST_ROWS]],
                hide_index=True,
                column_config=dict(FILE_COLUMNS),
            )


def files_words(count: int) -> str:
    """Say how many files or folders there are."""
    return "one file or folder" if count == 1 else f"{count:,} files or folders"


def render_other_reading(data: str | None) -> None:
    """Offer other readings of a folder that cannot be shown, or to forget a choice that spoilt a table."""
    if data is None:
        return
    if Path(data).is_dir():
        with st.popover("Read it differently", icon=":material/alt_route:"):
            render_choices(data, tuple(Layout), ())
    elif remembered_reading(data) != GUESSED:
        st.markdown("You have decided how it is read.")
        st.button("Read it as it looks", key="read_as_it_looks", on_click=heed, args=(_remember, data, GUESSED))


def render_choices(data: str, layouts: Sequence[Layout], columns: Sequence[str], *, is_deep: bool = False) -> None:
    """Draw a list of choices for each thing that can be decided, and the button that decides."""
    decided = remembered_reading(data)
    depths = DEPTHS if is_deep or decided.depth != AS_STORED else ()
    offered = (*(COLUMNS if columns else ("layout", *PATTERNS) if layouts else ()), *depths)
    if layouts:
        options = ["", *map(str, layouts), *([] if Layout.NAMES in layouts else [str(Layout.NAMES)])]
        st.selectbox(
            SETTINGS["layout"].label, options, index=_at(options, decided.layout), key=key_of("read_layout", data),
            format_func=lambda one: LAYOUT_WORDS[Layout(one)] if one else AS_IT_LOOKS, help=SETTINGS["layout"].help,
        )  # fmt: skip
        for name in PATTERNS:
            st.text_input(
                SETTINGS[name].label, getattr(decided, name) or "", key=key_of(f"read_{name}", data),
                help=SETTINGS[name].help,
            )  # fmt: skip
    for name in COLUMNS if columns else ():
        extra = [NONE] if name in {"split_column", "group_column"} and NONE not in columns else []
        names = ["", *columns, *extra]
        st.selectbox(
            SETTINGS[name].label, names, index=_at(names, getattr(decided, name)), key=key_of(f"read_{name}", data),
            format_func=lambda one: one or AS_IT_LOOKS, help=SETTINGS[name].help,
        )  # fmt: skip
    for name in depths:
        value = getattr(decided, name)
        st.text_input(
            SETTINGS[name].label, "" if value is None else value if isinstance(value, str) else plain_number(value),
            key=key_of(f"read_{name}", data), placeholder=SETTINGS[name].usual, help=SETTINGS[name].help,
        )  # fmt: skip
    st.button(
        "Read it so", type="primary", key=key_of("read_decide", data), on_click=heed, args=(_decide, data, offered),
        help="Remembered for this target, also by the command line.",
    )  # fmt: skip


def _decide(data: str, offered: Sequence[str]) -> None:
    """Remember what the controls say now; a choice and a click may come together.  What has no control stays."""
    said = {name: str(st.session_state.get(key_of(f"read_{name}", data)) or "").strip() for name in offered}
    kept = {name: value for name, value in remembered_reading(data).to_json().items() if name not in said}
    _remember(data, ReadAs.from_json(kept | said))


def _remember(data: str, read_as: ReadAs) -> None:
    remember_reading(data, read_as)
    targets.forget()
    for key in [key for key in st.session_state if str(key).startswith(f"decoded_{data}_")]:
        del st.session_state[key]


def _at(options: Sequence[str], value: str | None) -> int:
    return options.index(value) if value in options else 0

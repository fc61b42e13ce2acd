"""A target before anything is decoded: how it would be read, a sample of it, and what a person says about it."""

from __future__ import annotations

from dataclasses import asdict
from pathlib import Path
from typing import Literal

import pandas as pd
import streamlit as st

from tlviz.data.preview import PER_CLASS, Preview, as_jpeg, preview_target
from tlviz.data.sources.browse import tables_beside
from tlviz.data.sources.drop import forget_drop
from tlviz.data.sources.notes import remember_reading, remembered_reading
from tlviz.data.sources.reading import GUESSED, Layout, ReadAs
from tlviz.data.sources.recent import find_recent, note_recent
from tlviz.data.sources.store import datasets_folder, stored
from tlviz.errors import BadDatasetError, TlvizError
from tlviz.ui.cached import targets
from tlviz.ui.messages import heed, plain, show_error
from tlviz.ui.state import Key, key_of
from tlviz.ui.target.given import leave, preview
from tlviz.ui.target.reading import LAYOUT_WORDS, MOST_ROWS, files_words, render_choices
from tlviz.ui.widgets.headings import FILE_COLUMNS
from tlviz.ui.widgets.panels import render_wall
from tlviz.ui.widgets.rows import words_and_buttons

PART_WORDS = {"train": "Training", "val": "Validation", "test": "Test", "": "No part"}
MOST_CLASSES = 1000


def render_preview(path: str) -> None:
    """Draw what a folder or table holds, before it is the target, with what can be corrected."""
    title = Path(path).name or path
    heading = st.empty()
    heading.header(f"Preview: {plain(title)}", anchor=False)
    try:
        with st.spinner(f"Listing the files of {plain(title)}; a hundred thousand take some seconds."):
            found = _found(path, targets.notes_changed(path))
        heading.header(f"Preview: {plain(found.target.title)}", anchor=False)
    except TlvizError as error:
        _unreadable(path, error)
        return
    line, buttons = words_and_buttons()
    line.markdown(_sentence(found))
    kind: Literal["primary", "secondary"] = "secondary" if found.target.reading.questions else "primary"
    buttons.button(
        "Use these pictures", type=kind, icon=":material/check:", key="preview_use", on_click=heed,
        args=(_use, path, found),
    )  # fmt: skip
    _not_these(buttons, path)
    _questions(path, found)
    wall, facts = st.columns([1.35, 1], gap="large")
    with wall:
        render_wall([(name, count, as_jpeg(squares)) for name, count, squares in found.wall], PER_CLASS)
        st.caption(_sample_words(found))
    with facts:
        _counts(found)
        if found.target.reading.layouts or found.target.reading.columns:
            with st.expander("Read it differently", icon=":material/alt_route:"):
                render_choices(path, found.target.reading.layouts, found.target.reading.columns)
    _left_out(found)


@st.cache_data(max_entries=4, ttl=30, show_spinner=False)
def _found(path: str, notes_changed: int) -> Preview:  # noqa: ARG001 (a key of the cache)
    return preview_target(path)


def _sentence(found: Preview) -> str:
    """Say in one sentence how the pictures would be read."""
    target = found.target
    words = target.reading.in_words() or "it is"
    return (
        f"**{len(target.names):,} pictures**, read as {plain(words)}. Nothing is decoded yet; "
        f"only the {sum(len(squares) for _, _, squares in found.wall):,} pictures below were opened."
    )


def _sample_words(found: Preview) -> str:
    more = len(found.target.classes) - len(found.wall)
    words = f"Evenly spaced pictures of {'each class' if more <= 0 else f'the first {len(found.wall)} classes'}"
    return f"{words}{f'; {more:,} more classes' if more > 0 else ''}."


def _questions(path: str, found: Preview) -> None:
    """Ask what is not certain, a button for each answer; and offer the groups that names suggest."""
    for question in found.target.reading.questions:
        with st.container(border=True):
            st.markdown(f":orange[:material/help:] {plain(question.sentence.rstrip('. '))}. **Which is meant?**")
            with st.container(horizontal=True):
                for choice in question.choices:
                    words = LAYOUT_WORDS[Layout(choice)] if question.option == "layout" else choice
                    st.button(
                        f"{words[0].upper()}{words[1:]}", key=key_of("preview_answer", path, question.option, choice),
                        on_click=heed, args=(_decide, path, question.option, choice),
                    )  # fmt: skip
    for hint in found.hints:
        several = len(set(hint.groups) - {""})
        row, button = words_and_buttons()
        row.markdown(
            f":material/group_work: The names suggest {several:,} groups, such as patients. Kept together, no group "
            "is both trained on and tested with."
        )
        button.button(
            "Keep them together", key=key_of("preview_group", path, hint.option), on_click=heed,
            args=(_decide, path, hint.option, hint.value),
        )  # fmt: skip
    if found.groups:
        row, button = words_and_buttons()
        row.markdown(f":material/group_work: {found.groups:,} groups stay together in one part each.")
        if remembered_reading(path).group_pattern:
            button.button(
                "Do not group", key=key_of("preview_ungroup", path), on_click=heed,
                args=(_decide, path, "group_pattern", None),
            )  # fmt: skip


def _counts(found: Preview) -> None:
    """Show the classes with their pictures in each part, and the columns of a table."""
    target = found.target
    shown = target.classes[:MOST_CLASSES]
    table = pd.DataFrame({"class": shown} | {PART_WORDS[p]: n[: len(shown)] for p, n in found.counts.items()})
    several = len(found.counts) > 1
    totals = ", ".join(f"{sum(n):,} {PART_WORDS[p].lower()}" for p, n in found.counts.items()) if several else ""
    st.markdown(f"**{len(target.classes):,} classes**" + (f": {totals}" if totals else ", in no parts: split by tlviz"))
    names = {"": "Pictures"} if not several else {}
    st.dataframe(
        table.rename(columns={PART_WORDS[p]: word for p, word in names.items()}), hide_index=True,
        height=min(300, 38 + 35 * len(table)), column_config={"class": st.column_config.TextColumn("Class")},
    )  # fmt: skip
    reading = target.reading
    columns = {
        "Labels": reading.label_column,
        "Paths": reading.path_column,
        "Parts": reading.split_column,
        "Groups": reading.group_column,
    }
    if reading.columns:
        used = "; ".join(f"{what.lower()} in **{plain(name)}**" for what, name in columns.items() if name)
        st.markdown(f"Columns: {used}." if used else "No column is used yet.")
        st.caption(f"All columns: {plain(', '.join(reading.columns[:30]))}.")


def _left_out(found: Preview) -> None:
    """List what is not used and what is odd, each with its reason."""
    target = found.target
    rows = [asdict(one) for one in target.left_out[:MOST_ROWS]]
    rows += [{"path": name, "reason": why} for name, why in found.damaged]
    if rows:
        count = len(target.left_out) + len(found.damaged)
        with st.expander(f"Left out: {files_words(count)}", icon=":material/block:"):
            st.dataframe(rows, hide_index=True, column_config=dict(FILE_COLUMNS))
    odd = [asdict(one) for one in target.problems[:MOST_ROWS]]
    if odd:
        with st.expander(f"Odd: {files_words(len(target.problems))}", icon=":material/warning:"):
            st.dataframe(odd, hide_index=True, column_config=dict(FILE_COLUMNS))


def _unreadable(path: str, error: TlvizError) -> None:
    """Say why a folder cannot be a target as it is, and offer what may help."""
    show_error(error)
    with st.container(horizontal=True):
        for name in tables_beside(path) if Path(path).is_dir() else ():
            st.button(
                f"Read {plain(name)} instead", key=key_of("preview_table", path, name), icon=":material/table:",
                on_click=preview, args=(str(Path(path) / name),),
            )  # fmt: skip
        if remembered_reading(path) != GUESSED:
            st.button("Read it as it looks", key="preview_as_it_looks", on_click=heed, args=(_forget_choices, path))
        _not_these(st, path)
    if Path(path).is_dir():
        render_choices(path, tuple(Layout), ())


def _not_these(place: object, path: str) -> None:
    place.button("Not these", icon=":material/close:", key="preview_drop", on_click=heed, args=(_give_up, path))  # type: ignore[attr-defined]


def _decide(path: str, option: str, value: str | None) -> None:
    decided = {name: said for name, said in remembered_reading(path).to_json().items() if name != option}
    remember_reading(path, ReadAs.from_json(decided | ({option: value} if value else {})))
    targets.forget()


def _forget_choices(path: str) -> None:
    remember_reading(path, GUESSED)
    targets.forget()


def _use(path: str, found: Preview) -> None:
    """Make the previewed pictures the target, if they are still there."""
    if not Path(path).exists():
        raise BadDatasetError(f"{path} is not there any more; find it again.")
    targets.forget()
    opened = found.target
    note_recent(opened.identity, len(opened.classes), len(opened.names), opened.medium)
    leave()
    st.session_state[Key.ARRIVED] = path


def _give_up(path: str) -> None:
    """Leave the preview; a copy that was made for it alone is removed."""
    leave()
    own = _stored_around(path)
    if own is not None and not any(find_recent(str(place.resolve())) for place in (own, Path(path))):
        forget_drop(own)


def _stored_around(path: str) -> Path | None:
    """Return the stored target that a path is or lies in, None for anything else."""
    place = Path(path)
    return next((up for up in (place, *place.parents) if up.parent == datasets_folder() and stored(up.name)), None)

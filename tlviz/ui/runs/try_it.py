"""New pictures for a finished run: drop them or name a folder, see classes with probabilities, take them as CSV."""

from __future__ import annotations

import base64
import hashlib
import html
import io
from collections import Counter
from collections.abc import Sequence
from contextlib import suppress
from pathlib import Path
from typing import TYPE_CHECKING

import pandas as pd
import streamlit as st

from tlviz.data.pixels.pictures import SUFFIXES, open_picture
from tlviz.data.pixels.problem import Problem
from tlviz.data.sources.folder import given_path
from tlviz.errors import BadDatasetError, TlvizError
from tlviz.medium import Medium
from tlviz.models.imported import medium_of_weights
from tlviz.program import command
from tlviz.runs.store.folder import RunFolder, find_run
from tlviz.ui.cached.networks import run_network, saved_at
from tlviz.ui.messages import show_error
from tlviz.ui.runs.try_maps import look_at, render_where_it_looked
from tlviz.ui.runs.try_texts import render_try_texts
from tlviz.ui.widgets.panels import render_problems

# torch takes seconds to import, so what needs it is imported where it is first used.
if TYPE_CHECKING:
    from tlviz.export.ood_reference import OodReference
    from tlviz.export.predict import Picture, Prediction, Predictions

PICTURES, FOLDER = "pictures", "a folder"
MOST_CARDS = 12
MOST_PICTURES = 5000
THUMBNAIL = 120


def render_try_it(run: RunFolder) -> None:
    """Let a person give pictures, or write texts, and show what the run's best weights say of them."""
    if not run.weights.exists():
        st.info("This run has saved no weights, so there is nothing to try.", icon=":material/info:")
        return
    if medium_of_weights(run) is Medium.TEXTS:
        render_try_texts(run)
        return
    drop, folder = st.columns([1.4, 1], gap="large")
    with drop:
        files = _dropped()
    path = folder.text_input("or a folder on this machine", key="try_folder", placeholder="/path/to/pictures")
    folder.caption("Pictures stay on this machine; nothing is sent anywhere.")
    try:
        pictures, missing = _given(files, path.strip())
        if pictures or missing:
            _name(run, pictures, missing)
    except TlvizError as error:
        show_error(error)


def _dropped() -> list[tuple[str, bytes]]:
    """Let a person drop pictures or a whole folder of them, and return names and contents."""
    kind = st.segmented_control(
        "Drop", [PICTURES, FOLDER], default=PICTURES, required=True, key="try_kind", label_visibility="collapsed"
    )
    if kind == FOLDER:
        held = st.file_uploader("A folder", type=sorted(SUFFIXES), accept_multiple_files="directory",
                                key="try_folder_files", label_visibility="collapsed")  # fmt: skip
    else:
        held = st.file_uploader("Pictures", accept_multiple_files=True, key="try_files", label_visibility="collapsed")
    return [(file.name, file.getvalue()) for file in held or ()]


def _given(files: Sequence[tuple[str, bytes]], path: str) -> tuple[list[Picture], list[Problem]]:
    """Return the dropped pictures, or those below a folder."""
    from tlviz.export.predict import Picture, find_pictures

    seen = Counter[str]()
    dropped = []
    for name, content in files:
        seen[name] += 1
        dropped.append(Picture(name if seen[name] == 1 else f"{name} ({seen[name]})", content))
    if not path:
        return dropped, []
    found, missing = find_pictures([given_path(path)])
    if len(found) > MOST_PICTURES:
        raise BadDatasetError(
            f"{path} holds {len(found):,} pictures, but this page classifies at most {MOST_PICTURES:,}; "
            f"the command line takes any number: {command('predict RUN FOLDER')}"
        )
    return [*dropped, *found], missing


def _name(run: RunFolder, pictures: Sequence[Picture], missing: Sequence[Problem]) -> None:
    from tlviz.export.predict import read_geometry, to_csv

    changed = saved_at(run.name)
    reference, reason = _ood_reference(run.name, changed)
    named = _predicted(run.name, changed, _fingerprint(pictures), reference is not None, pictures)
    if reason:
        st.caption(reason)
    if named.rows:
        _summary(named.rows)
        _cards(named.rows, {picture.path: picture for picture in pictures})
        if len(named.rows) > 1:
            _table(named.rows)
        render_where_it_looked(run, run_network(run.name), read_geometry(run), named.rows, pictures)
        st.download_button(
            "CSV", to_csv(named.rows), f"{run.name}.csv", "text/csv", icon=":material/table:", key="try_csv"
        )
    render_problems([*missing, *named.problems])


def _summary(rows: Sequence[Prediction]) -> None:
    unlike = sum(bool(row.is_unlike) for row in rows)
    words = f"{len(rows):,} pictures classified" if len(rows) > 1 else "One picture classified"
    if unlike:
        words += f"; **{unlike:,}** are unlike the training images: do not rely on their answers"
    st.markdown(f"{words}.")


def _cards(rows: Sequence[Prediction], pictures: dict[str, Picture]) -> None:
    """Show the first pictures with their best guesses as bars."""
    cells = "".join(_card(row, pictures[row.path]) for row in rows[:MOST_CARDS])
    st.html(
        f'<div style="display:grid;grid-template-columns:repeat(auto-fill,minmax(210px,1fr));gap:14px">{cells}</div>'
    )


def _card(row: Prediction, picture: Picture) -> str:
    bars = "".join(
        '<div style="display:flex;justify-content:space-between;gap:6px;font-size:0.8rem">'
        f"<span>{html.escape(guess.name)}</span><b>{guess.probability:.0%}</b></div>"
        '<div style="background:rgba(128,128,128,0.25);border-radius:3px;height:4px;margin-bottom:3px">'
        f'<div style="background:#4a8fd6;border-radius:3px;height:4px;width:{guess.probability:.1%}"></div></div>'
        for guess in row.guesses
    )
    note = "<small><b>⚠ unlike the training images</b></small>" if row.is_unlike else ""
    name = html.escape(Path(row.path).name)
    return (
        '<div style="display:flex;gap:8px;min-width:0">'
        f'<img alt="{name}" title="{name}" src="{_thumbnail(_fingerprint([picture]), picture)}" '
        'style="width:84px;height:84px;object-fit:contain;border-radius:4px;background:#fff;flex:none">'
        f'<div style="flex:1;min-width:0">{bars}{note}</div></div>'
    )


@st.cache_data(max_entries=256, show_spinner=False)
def _thumbnail(fingerprint: str, _picture: Picture) -> str:  # noqa: ARG001 (a cache key)
    image, _ = open_picture(_picture.source, _picture.path)
    image.thumbnail((THUMBNAIL, THUMBNAIL))
    buffer = io.BytesIO()
    image.save(buffer, "JPEG", quality=80)
    return f"data:image/jpeg;base64,{base64.b64encode(buffer.getvalue()).decode()}"


def _table(rows: Sequence[Prediction]) -> None:
    words = {None: "", True: "yes", False: "no"}
    table = [
        {
            "picture": row.path,
            "class": row.guesses[0].name,
            "sure": row.guesses[0].probability,
            "unlike the training images": words[row.is_unlike],
        }
        for row in rows
    ]
    event = st.dataframe(
        pd.DataFrame(table), hide_index=True, height=min(320, 38 + 35 * len(table)), key="try_table",
        column_config={
            "picture": st.column_config.TextColumn("Picture"),
            "class": st.column_config.TextColumn("Class"),
            "sure": st.column_config.ProgressColumn("Confidence", format="percent", min_value=0, max_value=1),
            "unlike the training images": st.column_config.TextColumn("Unlike the training images"),
        },
        on_select="rerun", selection_mode="single-row",
    )  # fmt: skip
    look_at([rows[at].path for at in event.selection.rows if at < len(rows)])


def _fingerprint(pictures: Sequence[Picture]) -> str:
    """Return what changes with the pictures: their content, or their files' size and time."""
    digest = hashlib.sha256()
    for picture in pictures:
        digest.update(picture.path.encode(errors="surrogateescape"))
        if isinstance(picture.source, bytes):
            digest.update(hashlib.sha256(picture.source).digest())
        else:
            with suppress(OSError):  # it may just have gone: classifying it will report that
                state = picture.source.stat()
                digest.update(f"{state.st_size}|{state.st_mtime_ns}".encode())
    return digest.hexdigest()


@st.cache_resource(max_entries=4, show_spinner="Reading the training images, once …")
def _ood_reference(run: str, saved_at: int) -> tuple[OodReference | None, str]:  # noqa: ARG001 (a cache key)
    from tlviz.export.ood_reference import find_ood_reference

    return find_ood_reference(find_run(run).weights, run_network(run))


@st.cache_data(max_entries=8, show_spinner=False)
def _predicted(
    run: str,
    saved_at: int,
    fingerprint: str,  # noqa: ARG001 (a cache key)
    with_reference: bool,
    _pictures: Sequence[Picture],
) -> Predictions:
    from tlviz.export.predict import predict, read_geometry

    network, geometry = run_network(run), read_geometry(find_run(run))
    reference = _ood_reference(run, saved_at)[0] if with_reference else None
    bar = st.empty()

    def progress(done: int, total: int) -> None:
        bar.progress(done / total, f"{done:,} of {total:,} pictures")

    try:
        return predict(network, geometry, _pictures, reference, progress)
    finally:
        bar.empty()

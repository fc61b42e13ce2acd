"""Finding a network: filters, the table, the chart, and which one or two are chosen."""

from __future__ import annotations

from collections.abc import Sequence

import pandas as pd
import streamlit as st

from tlviz.errors import UnknownNameError
from tlviz.figures.catalogue import plot_accuracy_against_size
from tlviz.figures.theme import chart_config
from tlviz.models.catalogue import MODELS, find_model
from tlviz.models.imported import own_models
from tlviz.models.local_weights import available_models, disk_use_mb
from tlviz.models.spec import ModelSpec
from tlviz.ui.state import Key, key_of

MOST = 2
"""This many networks can be viewed side by side."""
ANY = "any size"
SIZES = ("5 M", "10 M", "30 M", "100 M", ANY)
LIBRARIES = ("all", "torchvision", "timm")
_CHOICE_TURN = "models_choice_turn"


def chosen_models() -> list[ModelSpec]:
    """Return the networks that the person chose, one or two, from the session or the address."""
    if Key.MODELS not in st.session_state:
        asked = dict.fromkeys(str(st.query_params.get(Key.MODELS, "")).split(","))
        st.session_state[Key.MODELS] = [name for name in asked if name][:MOST]
    found = []
    for name in st.session_state[Key.MODELS]:
        try:
            found.append(find_model(name))
        except UnknownNameError as error:
            st.warning(f"The link names a network that is not available. {error}")
    choice = [spec.name for spec in found]
    if choice != st.session_state[Key.MODELS]:
        st.session_state[Key.MODELS] = choice
    if choice:
        st.query_params[Key.MODELS] = ",".join(choice)
    else:
        st.query_params.pop(Key.MODELS, None)
    return found


def choose(names: Sequence[str]) -> None:
    """Make these the chosen networks, and let the table show it."""
    st.session_state[Key.MODELS] = list(names)[:MOST]
    st.session_state[_CHOICE_TURN] = st.session_state.get(_CHOICE_TURN, 0) + 1


def render_filters() -> pd.DataFrame:
    """Draw search and filters and return the rows that pass, the chosen and those on this machine first."""
    search, library, size, accuracy, here = st.columns([1.5, 1.1, 1.3, 1.3, 1.2], vertical_alignment="bottom")
    words = search.text_input("Search", key="models_search", placeholder="resnet, dinov2 …", persist_state="session")
    kind = library.selectbox("Library", LIBRARIES, key="models_library", persist_state="session")
    most = size.select_slider("Parameters up to", SIZES, ANY, key="models_size", persist_state="session")
    least = accuracy.slider(
        "Accuracy from",
        0, 90, 0, 5, "%d %%", key="models_accuracy", persist_state="session",
        help="Top-1 on ImageNet-1k, as stated by authors or library. Above 0, networks without one are left out.",
    )  # fmt: skip
    only_here = here.toggle(
        "Here", key="models_here", persist_state="session", help="Only networks whose weights are on this machine."
    )
    rows = catalogue_rows().assign(here=lambda table: table["name"].isin(list(available_models())))
    keep = pd.Series(True, index=rows.index)
    for word in (words or "").lower().split():
        keep &= rows["text"].str.contains(word, regex=False)
    if kind != LIBRARIES[0]:
        keep &= rows["library"] == kind
    if most != ANY:
        keep &= rows["parameters"] <= float(most.split()[0]) * 1e6
    if least:
        keep &= rows["accuracy"] >= least / 100
    if only_here:
        keep &= rows["here"]
    found = rows[keep].assign(chosen=lambda table: table["name"].isin(st.session_state.get(Key.MODELS, [])))
    return found.sort_values(["chosen", "here"], ascending=False, kind="stable").reset_index(drop=True)


def render_choice(rows: pd.DataFrame) -> None:
    """Draw the table and the chart; a click in either chooses."""
    st.caption(_summary(rows))
    chosen = st.session_state.get(Key.MODELS, [])
    _table(rows, chosen)  # over the whole width, so that no column is cut off
    with st.container():
        event = st.plotly_chart(
            plot_accuracy_against_size(rows, chosen),
            key=key_of("models_chart", st.session_state.get(_CHOICE_TURN, 0)),
            on_select="rerun",
            selection_mode="points",
            config=chart_config(),
        )
        clicked = [point["customdata"] for point in event["selection"]["points"] if "customdata" in point]
        if clicked:
            choose([clicked[-1], *(name for name in chosen if name != clicked[-1])])
            st.rerun()
        st.caption(
            "Each point is a network with a stated accuracy: higher is better, further left is smaller. "
            "Click one to choose it."
        )


def _table(rows: pd.DataFrame, chosen: Sequence[str]) -> None:
    names = list(rows["name"])
    turn = st.session_state.get(_CHOICE_TURN, 0)
    key = f"models_table_{turn}_{pd.util.hash_pandas_object(rows['name']).sum()}"

    def take() -> None:
        picked = [names[row] for row in st.session_state[key]["selection"]["rows"] if row < len(names)]
        elsewhere = [name for name in st.session_state.get(Key.MODELS, []) if name not in names]
        st.session_state[Key.MODELS] = [*elsewhere, *picked][-MOST:]

    st.dataframe(
        rows[["title", "parameters", "accuracy", "here", "library", "size", "file_mb"]],
        key=key,
        height=290,
        hide_index=True,
        on_select=take,
        selection_mode="multi-row",
        selection_default={"selection": {"rows": [names.index(name) for name in chosen if name in names]}},
        placeholder="–",
        column_config={
            "title": st.column_config.TextColumn("Network", width=250),
            "library": st.column_config.TextColumn("Library", width=85),
            "parameters": st.column_config.NumberColumn("Parameters", format="compact", width=90),
            "accuracy": st.column_config.NumberColumn("Accuracy", format="percent", width=85),
            "size": st.column_config.NumberColumn("Side, px", format="%d", width=75),
            "file_mb": st.column_config.NumberColumn("Size, MB", format="%.0f", width=80),
            "here": st.column_config.CheckboxColumn("Here", width=50, help="Its weights are on this machine."),
        },
    )


def _summary(rows: pd.DataFrame) -> str:
    here = int(rows["here"].sum())
    disk = disk_use_mb()
    used = f" Downloaded weights take {disk:,.0f} MB on this machine." if disk else " Nothing is downloaded yet."
    return f"{len(rows):,} of {len(MODELS) + len(own_models()):,} networks, {here:,} ready to use.{used}"


def catalogue_rows() -> pd.DataFrame:
    """Return the catalogue and the person's own checkpoints, a row each."""
    return _rows(tuple((spec.name, spec.sha256, spec.preprocessing.size) for spec in own_models()))


@st.cache_data(max_entries=4, show_spinner=False)
def _rows(own: tuple[tuple[str, str, int], ...]) -> pd.DataFrame:
    specs = [*(find_model(name) for name, _, _ in own), *MODELS.values()]
    return pd.DataFrame(
        {
            "name": [spec.name for spec in specs],
            "title": [spec.title for spec in specs],
            "library": [str(spec.provider) for spec in specs],
            "parameters": [spec.parameters for spec in specs],
            "accuracy": pd.Series([spec.accuracy for spec in specs], dtype="float64").round(3),
            "size": [spec.preprocessing.size for spec in specs],
            "file_mb": [spec.file_mb for spec in specs],
            "text": [f"{s.name} {s.title} {s.family} {s.source}".lower() for s in specs],
        }
    )

"""A network's card: what it is, whether it is here, and its stages."""

from __future__ import annotations

from collections.abc import Sequence

import streamlit as st

from tlviz.models.imported import damaged_models, delete_own
from tlviz.models.local_weights import available_models, delete_weights
from tlviz.models.spec import ModelSpec
from tlviz.runs.failure import failure_of
from tlviz.runs.launch import start_download
from tlviz.runs.store.folder import RunFolder, list_runs
from tlviz.ui.cached import networks
from tlviz.ui.messages import heed, plain, show_error
from tlviz.ui.state import Key, key_of
from tlviz.ui.widgets.panels import render_job
from tlviz.ui.widgets.stage_strip import render_stage_strip


def render_card(spec: ModelSpec) -> None:
    """Show one network: a sentence, its figures, and what can be done with it."""
    st.header(spec.title, anchor=False)
    st.markdown(spec.sentence)
    st.caption(" · ".join(_facts(spec)))
    for note in spec.notes:
        st.caption(f":material/info: {plain(note)}")
    download = _current_download(spec)
    if download is not None:
        render_job(download)
    elif spec.name in available_models():
        _use_or_delete(spec)
    else:
        st.button(
            f"Download ({spec.file_mb:,.0f} MB)",
            icon=":material/download:",
            key=key_of("download", spec.name),
            on_click=heed,
            args=(start_download, spec),
            help="From the library's server into its own cache; nothing else is sent.",
        )
        _last_failure(spec)


def render_damaged() -> None:
    """Name the person's checkpoints that cannot be used, so that they can be deleted and imported again."""
    for name, wrong in damaged_models().items():
        st.warning(f"Your checkpoint {plain(name)} is damaged: {plain(wrong)}.", icon=":material/warning:")
        st.button(f"Delete {plain(name)}", key=key_of("delete_damaged", name), on_click=heed, args=(_delete_own, name))


def render_comparison(specs: Sequence[ModelSpec]) -> None:
    """Draw the stage strips of the chosen networks one below the other."""
    opened = st.toggle("Single blocks", key=Key.BLOCKS, help="Split the stages into their single blocks.")
    for spec in specs:
        if len(specs) > 1:
            st.markdown(f"**{spec.title}**")
        stages = networks.own_stages(spec.name, grouped=not opened)
        render_stage_strip(stages, key=key_of("models_strip", spec.name, opened))
    st.caption("From input to answer: width is the share of compute, height the number of channels.")


def _facts(spec: ModelSpec) -> list[str]:
    accuracy = f"{spec.accuracy:.1%} top-1 on ImageNet-1k" if spec.accuracy else "accuracy not stated"
    return [
        f"{spec.parameters / 1e6:,.1f} M parameters",
        *([f"{spec.gmacs:,.2f} G multiply-adds a picture"] if spec.gmacs else []),
        accuracy,
        f"pictures of {spec.preprocessing.size} px",
        f"trained on {spec.source}",
        f"licence {spec.licence or 'not stated'}",
        *([f"[recipe]({spec.recipe})"] if spec.recipe else []),
        f"`{spec.name}`",
    ]


def _use_or_delete(spec: ModelSpec) -> None:
    with st.container(horizontal=True):
        st.button(
            "Use as the source",
            type="primary",
            key=key_of("use", spec.name),
            icon=":material/check:",
            on_click=_use,
            args=(spec.name,),
            disabled=st.session_state.get(Key.SOURCE) == spec.name,
        )
        if spec.own:
            st.button(
                "Delete this checkpoint", key=key_of("delete", spec.name), icon=":material/delete:",
                on_click=heed, args=(_delete_own, spec.name),
            )  # fmt: skip
        elif not spec.bundled:
            st.button(
                f"Remove the download ({spec.file_mb:,.0f} MB)", key=key_of("delete", spec.name),
                icon=":material/delete:", on_click=heed, args=(delete_weights, spec),
            )  # fmt: skip


def _use(name: str) -> None:
    st.session_state[Key.SOURCE] = name


def _delete_own(name: str) -> None:
    delete_own(name)
    st.session_state[Key.MODELS] = [other for other in st.session_state.get(Key.MODELS, []) if other != name]


def _downloads(spec: ModelSpec) -> list[RunFolder]:
    return [run for run in list_runs(kind="download") if run.config()["settings"].get("model") == spec.name]


def _current_download(spec: ModelSpec) -> RunFolder | None:
    return next((run for run in _downloads(spec) if not run.status().is_over), None)


def _last_failure(spec: ModelSpec) -> None:
    """Say why the last download did not work."""
    last = next(iter(_downloads(spec)), None)
    if last and (failure := failure_of(last)):
        show_error(failure)

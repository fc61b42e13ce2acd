"""What an encoder makes of a sentence: its tokens, how alike they are at each stage, and what each head attends to."""

from __future__ import annotations

from math import log2
from typing import Any

import streamlit as st

from tlviz.api.explaining_texts import SeenText, look_at_text
from tlviz.explore.looked import note_look
from tlviz.figures.tokens import plot_head_entropy
from tlviz.models.spec import Stage
from tlviz.ui.before_after import finished_runs
from tlviz.ui.cached import networks
from tlviz.ui.messages import plain
from tlviz.ui.pick_text import pick_text
from tlviz.ui.widgets.memory import give_back_memory
from tlviz.ui.widgets.stage_strip import render_stage_strip

PRETRAINED = ""
_KEPT = 32


def render_text_look(model: str, data: str) -> None:
    """Let a person choose a sentence, the pretrained encoder or a run, a stage and a head; draw how tokens relate."""
    stages = networks.network(model).stages
    note_look(model, data)
    render_stage_strip(stages, key="text_strip")
    runs = {run.name: f"{found.strategy}, {run.name}" for run, found in finished_runs(model)}
    left, right = st.columns([1, 2.6], gap="medium")
    with left:
        text = pick_text(data)
        run = st.selectbox(
            "Weights", [PRETRAINED, *runs], key="look_run",
            format_func=lambda name: plain(runs[name]) if name else "pretrained",
        )  # fmt: skip
        stage, head = _pick_place(stages)
    with right:
        if not text.strip():
            st.info("Write a sentence to see what each stage makes of it.", icon=":material/edit:")
            return
        seen = _seen(model, run, networks.saved_at(run or None), text)
        _render(seen, stage, head)
    give_back_memory()


def _pick_place(stages: tuple[Stage, ...]) -> tuple[str, int]:
    names = [stage.name for stage in stages[:-1]]
    stage = st.select_slider("At the end of", names, names[-1], key="look_stage")
    head = st.number_input("Attention head", 0, 63, 0, key="look_head", help="Each attends to other tokens.")
    return str(stage), int(head)


@st.cache_resource(max_entries=_KEPT, show_spinner="Reading the sentence")
def _seen(model: str, run: str, saved_at: int, text: str) -> SeenText:  # noqa: ARG001 (the time is a part of the key)
    return look_at_text(model, text, run=run or None)


def _render(seen: SeenText, stage: str, head: int) -> None:
    tokens = seen.tokens
    st.markdown(f"**{plain(seen.summary)}** {plain(' '.join(tokens))}")
    alike, attends = st.tabs(["How alike the tokens are", "What a head attends to"])
    with alike:
        _draw(seen.figure(stage), "text_similarity")
        st.caption(
            "Each token's vector against each other's, by their cosine around the sentence's mean: blue alike, red "
            "opposite. Move the stage to see which words come together."
        )
    heads = seen.inside.entropy.get(stage)
    with attends:
        if heads is None:
            st.caption("This stage has no attention that it shows; choose a block.")
        else:
            _draw(seen.figure(stage, min(head, len(heads) - 1)), "text_attention")
            st.caption(
                f"How much a token (row) attends to each (column); {stage} has the heads 0 to {len(heads) - 1}. It "
                "says where information comes from, not why the class was chosen."
            )
    _draw(plot_head_entropy(seen.inside.entropy), "text_entropy")
    st.caption(
        "How widely each head spreads its attention, in bits: 0 looks at one token alone, "
        f"{log2(len(tokens)):.1f} at all {len(tokens)} alike."
    )
    with st.expander("The numbers"):
        st.dataframe(seen.table(), hide_index=True)


def _draw(figure: Any, key: str) -> None:
    st.plotly_chart(figure, key=key)

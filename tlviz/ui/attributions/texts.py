"""Why an encoder answered as it did: a sentence with its tokens in colour, the numbers, and whether to believe them."""

from __future__ import annotations

import pandas as pd
import streamlit as st

from tlviz.api.explaining_texts import ExplainedText, attribute_text
from tlviz.explore.attribution.token_methods import TOKEN_METHODS, TokenMethod
from tlviz.figures.tokens import coloured_sentence, plot_token_values
from tlviz.ui.before_after import finished_runs
from tlviz.ui.cached import networks
from tlviz.ui.messages import plain
from tlviz.ui.pick_text import pick_text
from tlviz.ui.widgets.invite import render_invite
from tlviz.ui.widgets.memory import give_back_memory

_KEPT = 64


def render_text_attributions(model: str, data: str) -> None:
    """Let a person choose a run, a sentence, a method, a class and a stage; draw the answer and its checks."""
    runs = {run.name: f"{found.strategy}, {run.name}" for run, found in finished_runs(model)}
    if not runs:
        render_invite(
            "This encoder has no classes of its own, so there is no answer to explain: fine-tune it first.",
            "Fine-tune", "pages/finetune.py", ":material/model_training:", key="tune_first",
        )  # fmt: skip
        return
    left, right = st.columns([1, 2.4], gap="medium")
    with left:
        run = st.selectbox("Run", list(runs), format_func=lambda name: plain(runs[name]), key="text_run")
        text = pick_text(data)
        spec = TOKEN_METHODS[
            method := st.selectbox(
                "Method", list(TOKEN_METHODS), format_func=lambda name: TOKEN_METHODS[name].title, key="text_method"
            )
        ]
        st.caption(spec.sentence)
        network = networks.run_network(run)
        asked = st.selectbox("Class", ["the answer", *network.classes], key="text_class")
        stages = [stage.name for stage in network.stages[:-1]] if spec.at_stage else []
        stage = st.selectbox("Looked at the end of", stages, key="text_stage") if stages else None
    with right:
        if not text.strip():
            st.info("Write a sentence to see which of its tokens the answer rests on.", icon=":material/edit:")
            return
        number = None if asked == "the answer" else network.classes.index(asked)
        found = _explained(model, run, networks.saved_at(run), text, str(method), number, stage)
        _render(found, (model, run, text, str(method), str(number), str(stage)))
    give_back_memory()


@st.cache_resource(max_entries=_KEPT, show_spinner="Explaining")
def _explained(
    model: str,
    run: str,
    saved_at: int,  # noqa: ARG001 (only a cache key)
    text: str,
    method: str,
    number: int | None,
    stage: str | None,
) -> ExplainedText:
    return attribute_text(
        model, text, run=run, method=TokenMethod(method), class_name=number, stage=stage, progress=False
    )


def _render(found: ExplainedText, asked: tuple[str, ...]) -> None:
    signed = TOKEN_METHODS[found.attribution.method].is_signed
    tokens, values = found.attribution.sentence.tokens, found.attribution.values
    st.markdown(f"**{plain(found.summary)}**")
    st.html(coloured_sentence(tokens, values, signed=signed))
    st.caption(
        f"Blue speaks for {plain(found.answer)}, orange with a dotted line against it; the stronger, the more."
        if signed
        else "The stronger the blue, the more; this method does not say which way."
    )
    whole, shown = found.attribution.sentence.whole, len(tokens)
    if whole > shown:
        st.caption(f"The text has {whole:,} tokens; the network gets the first {shown:,}.")
    notes = [found.attribution.note]
    if found.attribution.gap is not None:
        notes.append(f"The values miss the difference that they promise to add up to by {found.attribution.gap:.1%}.")
    st.caption(plain(" ".join(filter(None, notes))))
    st.plotly_chart(plot_token_values(tokens, values, "Value of each token", signed=signed), key="token_values")
    with st.expander("The numbers"):
        st.dataframe(found.table(), hide_index=True)
    if st.button("Can it be believed?", icon=":material/verified:", key="token_trust"):
        with st.spinner("Masking words and forgetting stages"):
            st.session_state["token_trust_of"] = (asked, found.trust(progress=False))
    of, trust = st.session_state.get("token_trust_of", (None, None))
    if trust is not None and of == asked:
        st.markdown(plain(trust.summary))
        rows = [(one.stage, one.correlation) for one in trust.randomised]
        st.dataframe(pd.DataFrame(rows, columns=["forgotten down to", "ranks agree by"]), hide_index=True)
        masked = {
            "words masked": range(len(trust.deletion)),
            "by the values": trust.deletion,
            "by chance": trust.chance,
        }
        st.dataframe(pd.DataFrame(masked), hide_index=True)

"""A card: the claim, what was measured, the live run, what to look at, when it fails, a question, ways on."""

from __future__ import annotations

import streamlit as st

from tlviz.data.images import dataset_title
from tlviz.errors import BadLessonError, TlvizError
from tlviz.learn.cards import Card
from tlviz.learn.claims import Judgement, Outcome, judge
from tlviz.learn.dots import card_dots
from tlviz.learn.library import measured_for
from tlviz.learn.progress import done_cards, tick
from tlviz.learn.results import Measured
from tlviz.models.catalogue import find_model
from tlviz.ui.learn.run_here import render_run_here
from tlviz.ui.learn.ways import render_links, render_words
from tlviz.ui.messages import heed, plain
from tlviz.ui.state import key_of

ICONS = {
    Outcome.HOLDS: (":green-badge[:material/check_circle: {}]"),
    Outcome.FAILS: (":red-badge[:material/cancel: {}]"),
    Outcome.OPEN: (":orange-badge[:material/help: {}]"),
    Outcome.MISSING: (":gray-badge[:material/hourglass_empty: {}]"),
}


def render_card(card: Card) -> None:
    """Draw a card."""
    st.header(plain(card.title), anchor=False)
    st.markdown(f":small[{plain(card.part)}:] **{plain(card.claim)}**")
    _measured(card)
    render_run_here(card)
    st.markdown(f"**What to look at.** {plain(card.look_at)}")
    st.markdown(f"**When it does not hold.** {plain(card.fails_when)}")
    with st.container(border=True):
        st.markdown(f"**Question.** {plain(card.question)}")
        with st.expander("Answer"):
            st.markdown(plain(card.answer))
    render_links(card.links)
    render_words(card.words)
    is_done = card.name in done_cards()
    st.button(
        "Not done yet" if is_done else "Done: tick it", key=key_of("learn_tick", card.name),
        icon=":material/undo:" if is_done else ":material/check:", on_click=heed,
        args=(_tick, card.name, not is_done), help="Ticks are kept on this machine.",
    )  # fmt: skip


def render_judgement(judgement: Judgement) -> None:
    """Say what numbers mean for the claim, each check with its numbers."""
    st.markdown(ICONS[judgement.outcome].format(judgement.sentence.rstrip(".")))
    st.caption("\n".join(f"- {plain(finding.sentence)}" for finding in judgement.findings))


def origin(card: Card, measured: Measured) -> str:
    """Say where numbers come from: network and target, version, date, machine and command."""
    made = f"tlviz {measured.version} · {measured.date} · {measured.machine} · `{measured.command.replace('`', '')}`"
    return f"{subject(card)} · {made}"


def subject(card: Card) -> str:
    """Name networks and targets of a card as the sidebar does."""
    pairs = dict.fromkeys((experiment.model, experiment.data) for experiment in card.experiments)
    return ", ".join(f"{_network(model)} on {plain(dataset_title(data))}" for model, data in pairs)


def _network(name: str) -> str:
    try:
        return plain(find_model(name).title)
    except TlvizError:
        return plain(name)


def _measured(card: Card) -> None:
    st.subheader("What was measured", anchor=False)
    try:
        measured = measured_for(card)
    except BadLessonError as error:
        st.info(plain(str(error)), icon=":material/hourglass_empty:")
        return
    judgement = judge(card, measured.tables)
    st.html(card_dots(card, measured.tables))
    render_judgement(judgement)
    st.caption(f"± and whiskers: 95% interval. {origin(card, measured)}")


def _tick(name: str, is_done: bool) -> None:
    tick(name, is_done=is_done)

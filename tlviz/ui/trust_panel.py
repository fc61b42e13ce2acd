"""Can this map be trusted?  A check that is asked for, with its verdicts in words."""

from __future__ import annotations

from collections.abc import Hashable, Sequence
from typing import TYPE_CHECKING

import streamlit as st

from tlviz.explore.methods import METHODS
from tlviz.figures.theme import chart_config
from tlviz.ui.attribution_panels import Answer, Subject
from tlviz.ui.compared import fit_pixels
from tlviz.ui.words import plain
from tlviz.ui.working import computed

if TYPE_CHECKING:
    from tlviz.explore.trust import Trust

_ASKED = "trust_asked"
_SIGNS = {
    True: (":material/check_circle:", "passed"),
    False: (":material/cancel:", "failed"),
    None: (":material/help:", "open"),
}


def render_trust(subject: Subject, answers: Sequence[Answer]) -> None:
    """Offer the check of the pretrained network's map and show what it found."""
    if not answers:
        return
    given = answers[0]
    key = (*given.asked.key("trust", subject.pixels), given.attribution.stage)
    is_asked = st.session_state.get(_ASKED) == key
    with st.expander("Can I trust this map?", icon=":material/fact_check:", expanded=is_asked):
        if given.attribution.stage and not METHODS[given.asked.method].at_stage:
            st.info(
                f"The check is for {METHODS[given.asked.method].title} at the picture's pixels: choose the picture "
                "itself under Where.",
                icon=":material/info:",
            )
            return
        if not is_asked:
            st.caption(
                "Checks whether the map adds up, whether what it marks matters more than chance, whether it is steady, "
                "and whether it depends on what the network has learned."
            )
            st.button("Check this map", key="check_trust", on_click=_ask, args=(key,), icon=":material/play_arrow:")
            return
        found = _checked(key, subject, given)
        if found is not None:
            _show(found)


def _ask(key: Hashable) -> None:
    st.session_state[_ASKED] = key


def _checked(key: Hashable, subject: Subject, given: Answer) -> Trust | None:
    from tlviz.explore.trust import check_trust

    return computed(
        key,
        "The check",
        lambda progress: check_trust(
            given.network, fit_pixels(given.network, subject.pixels), given.attribution,
            baseline=given.asked.baseline, progress=progress,
        ),
        is_slow=True,
        name="trust",
    )  # fmt: skip


def _show(found: Trust) -> None:
    from tlviz.explore.verdicts import ALIKE
    from tlviz.figures.attributions import plot_games, plot_randomised

    st.markdown(f"**{headline(found)}**")
    for verdict in found.verdicts:
        icon, word = _SIGNS[verdict.passed]
        st.markdown(f"{icon} **{verdict.name}**, {word}. {plain(verdict.sentence)}")
    st.caption(f"Captum's infidelity is {found.infidelity:.3g}, its sensitivity {found.sensitivity:.3g}.")
    games, random = st.columns([1.7, 1])
    with games:
        st.plotly_chart(plot_games(found.deletion, found.insertion), key="trust_games", config=chart_config())
        st.caption("A good map's line falls faster than the grey ones on the left, and rises faster on the right.")
    with random:
        st.plotly_chart(plot_randomised(found.randomised, ALIKE), key="trust_random", config=chart_config())
        st.caption("A map that stays in the grey band does not depend on what the network has learned.")


def headline(found: Trust) -> str:
    """Say in a sentence what the verdicts mean together."""
    failed = [verdict.name for verdict in found.verdicts if verdict.passed is False]
    held = sum(verdict.passed is True for verdict in found.verdicts)
    if failed:
        return (
            f"Take this map with care: it failed {len(failed)} of {len(found.verdicts)} checks ({', '.join(failed)})."
        )
    return f"Nothing speaks against this map: it passed {held} of {len(found.verdicts)} checks and failed none."

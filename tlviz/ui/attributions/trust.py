"""Can this map be trusted?  A check that is asked for, with its verdicts in words."""

from __future__ import annotations

from collections.abc import Hashable, Sequence
from typing import TYPE_CHECKING

import streamlit as st

from tlviz.api.pictures import fit_pixels
from tlviz.csv_text import csv_text
from tlviz.explore.attribution.methods import METHODS
from tlviz.figures.theme import chart_config
from tlviz.ui.attributions.answers import Answer, Subject
from tlviz.ui.cached.working import computed
from tlviz.ui.messages import plain
from tlviz.ui.state import Key
from tlviz.ui.widgets.latest import latest
from tlviz.ui.widgets.linked import linked_select

if TYPE_CHECKING:
    from tlviz.explore.attribution.sanity_checks import Trust

_ASKED = "trust_asked"
_LINK, _CHECKED = "trust", "checked"
_SIGNS = {
    True: (":material/check_circle:", "passed"),
    False: (":material/cancel:", "failed"),
    None: (":material/help:", "open"),
}


def render_trust(subject: Subject, answers: Sequence[Answer]) -> None:
    """Offer the check of one network's map and show what it found."""
    if not answers:
        return
    names = [given.name for given in answers]
    known = st.session_state.get(Key.TRUSTED) or st.query_params.get(Key.TRUSTED)
    given = answers[names.index(known) if known in names else 0]
    is_asked = _is_asked(_key(subject, given))
    with st.expander("Can I trust this map?", icon=":material/fact_check:", expanded=is_asked):
        if len(answers) > 1:
            linked_select("Map of", names, names[0], key=Key.TRUSTED)
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
            st.button(
                "Check this map", key="check_trust", on_click=_ask, args=(_key(subject, given),),
                icon=":material/play_arrow:",
            )  # fmt: skip
            return
        found = _checked(_key(subject, given), subject, given)
        if found is not None:
            _show(found)
            _download(found, subject, given)


def _key(subject: Subject, given: Answer) -> Hashable:
    return (*given.asked.key("trust", subject.pixels), given.attribution.stage)


def _is_asked(key: Hashable) -> bool:
    """Return whether the check of this very map was asked for, by a click or, on the first visit, by the link."""
    if st.session_state.get(_ASKED) is None and st.query_params.get(_LINK) == _CHECKED:
        st.session_state[_ASKED] = key
    is_asked: bool = st.session_state.get(_ASKED) == key
    if is_asked:
        st.query_params[_LINK] = _CHECKED
    else:
        st.query_params.pop(_LINK, None)
    return is_asked


def _ask(key: Hashable) -> None:
    st.session_state[_ASKED] = key


def _download(found: Trust, subject: Subject, given: Answer) -> None:
    method = METHODS[given.asked.method].title
    shown = latest("trust", found)
    st.download_button(
        "Numbers (CSV)", shown.made_by(trust_table), f"{method} {subject.name} trust.csv", "text/csv",
        icon=":material/download:", on_click="ignore", key="trust_csv",
        help="Every measure, and the curves of the map and of its misplaced copies.",
    )  # fmt: skip


def trust_table(found: Trust) -> bytes:
    """Return all that was measured of a map as CSV: the measure, where, of the map or a misplaced copy, the value."""
    rows: list[tuple[object, ...]] = [
        ("completeness gap", "", "map", "" if found.gap is None else found.gap),
        ("infidelity", "", "map", found.infidelity),
        ("sensitivity", "", "map", found.sensitivity),
        ("explained share", "", "map", found.explained),
        *(("explained share", "", f"copy {at}", value) for at, value in enumerate(found.explained_by_chance, 1)),
    ]
    for measure, game in (("deletion", found.deletion), ("insertion", found.insertion)):
        for at, curve in enumerate((game.curve, *game.chance)):
            of = f"copy {at}" if at else "map"
            rows += [(measure, x, of, y) for x, y in zip(curve.fractions, curve.probabilities, strict=True)]
    rows += [
        ("similarity when random from the head to", depth.stage, "map", depth.correlation) for depth in found.randomised
    ]
    return csv_text(("measure", "at", "of", "value"), rows).encode()


def _checked(key: Hashable, subject: Subject, given: Answer) -> Trust | None:
    from tlviz.explore.attribution.sanity_checks import check_trust

    return computed(
        key,
        "The check",
        lambda progress, _sketch: check_trust(
            given.network, fit_pixels(given.network, subject.pixels), given.attribution,
            baseline=given.asked.baseline, progress=progress,
        ),
        is_slow=True,
        name="trust",
    )  # fmt: skip


def _show(found: Trust) -> None:
    from tlviz.explore.attribution.verdicts import ALIKE
    from tlviz.figures.attributions import plot_games, plot_randomised

    st.markdown(f"**{headline(found)}**")
    for verdict in found.verdicts:
        icon, word = _SIGNS[verdict.passed]
        st.markdown(f"{icon} **{verdict.name}**, {word}. {plain(verdict.sentence)}")
    st.caption(f"Captum's infidelity is {found.infidelity:.3g}, its sensitivity {found.sensitivity:.3g}.")
    games, random = st.columns([1.7, 1])
    with games:
        st.plotly_chart(plot_games(found.deletion, found.insertion), key="trust_games", config=chart_config())
        st.caption("A good map's line falls faster than the grey lines on the left and rises faster on the right.")
    with random:
        st.plotly_chart(plot_randomised(found.randomised, ALIKE), key="trust_random", config=chart_config())
        st.caption("A map that stays in the grey band does not depend on what the network has learned.")


def headline(found: Trust) -> str:
    """Say in a sentence what the verdicts mean together."""
    failed = [verdict.name for verdict in found.verdicts if verdict.passed is False]
    held = sum(verdict.passed is True for verdict in found.verdicts)
    if failed:
        return (
            f"Use this map with caution: it failed {len(failed)} of {len(found.verdicts)} checks ({', '.join(failed)})."
        )
    return f"No check rejects this map: it passed {held} of {len(found.verdicts)} and failed none."

"""What is asked of an answer: which method, for which class against which, where, and how the map is drawn."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import partial
from operator import setitem

import streamlit as st

from tlviz.explore.attribution.methods import METHODS, USUAL_BASELINE, Baseline, Method, NotApplicable
from tlviz.learn.words import define
from tlviz.models.spec import Stage
from tlviz.ui.messages import plain
from tlviz.ui.state import Key
from tlviz.ui.widgets.linked import linked_choice, linked_select, linked_slider

PICTURE = "the picture itself"
BEST = "best guess"
TRUE = "true class"
NOTHING = "nothing"
SECOND = "second guess"
SIGNED, ABSOLUTE = "signed", "absolute"


@dataclass(frozen=True, slots=True)
class Question:
    """What a person asks: ``target`` and ``contrast`` are words or class numbers as text, ``stage`` '' for the picture.

    ``strength`` and ``percentile`` are percent.
    """

    method: Method
    target: str
    contrast: str
    run_target: str
    stage: str
    baseline: Baseline
    strength: int
    percentile: int
    is_signed: bool


def pick_method(unavailable: Mapping[Method, NotApplicable]) -> Method | None:
    """Let a person pick a method; None where it does not apply: then the page says why and offers the nearest."""
    default = Method.GRAD_CAM if Method.GRAD_CAM not in unavailable else unavailable[Method.GRAD_CAM].nearest

    def words(name: str) -> str:
        return METHODS[Method(name)].title + (" (not here)" if name in unavailable else "")

    chosen = Method(
        linked_select("Method", list(Method), default, key=Key.METHOD, words=words, help=define("attribution"))
    )
    st.caption(METHODS[chosen].sentence)
    return None if chosen in unavailable else chosen


def render_why_not(refused: NotApplicable) -> None:
    """Say why the chosen method does not apply, and offer the nearest that does."""
    chosen = METHODS[Method(st.session_state[Key.METHOD])].title
    nearest = METHODS[refused.nearest].title
    st.info(f"{chosen} cannot be used here. {plain(refused.reason)}", icon=":material/block:")
    take = partial(setitem, st.session_state, Key.METHOD, str(refused.nearest))
    st.button(f"Use {nearest} instead", type="primary", key="nearest_method", on_click=take)


def pick_question(
    method: Method, stages: Sequence[Stage], classes: Sequence[str], true_class: int | None, run_classes: Sequence[str]
) -> Question:
    """Draw the controls of what is asked."""
    spec = METHODS[method]
    names = dict(enumerate(classes))
    numbers = [str(number) for number in names]

    def words(option: str) -> str:
        if option == TRUE and true_class is not None:
            return f"true class: {names[true_class]}"
        return names[int(option)] if option.isdecimal() else option

    wanted = [BEST, *([TRUE] if true_class is not None else []), *numbers]
    target = linked_select(
        "Class", wanted, BEST, key=Key.CLASS, words=words,
        help="The answer to explain; type to search. The true class is offered if the network knows it.",
    )  # fmt: skip
    stage = _pick_stage(method, stages)
    with st.popover("More", width="stretch"):
        contrast = linked_select(
            "Rather than", [NOTHING, SECOND, *numbers], NOTHING, key=Key.CONTRAST, words=words,
            help="Asks what supports the one class but not the other.",
        )  # fmt: skip
        signs = linked_choice(
            "Values", [SIGNED, ABSOLUTE], SIGNED if spec.is_signed else ABSOLUTE, key=_signs(spec.is_signed)
        )
        strength = linked_slider("Overlay on the picture, percent", 0, 100, 70, key=Key.STRENGTH, step=5)
        percentile = linked_slider(
            "Full colour at percentile", 80, 100, 98, key=Key.PERCENTILE,
            help="Values beyond it get the full colour, so that a few extreme pixels do not hide the rest.",
        )  # fmt: skip
        baseline = USUAL_BASELINE
        if spec.uses_baseline:
            nothing = "The picture blurred, its mean colour, white or black."
            chosen = linked_select(
                "Baseline", list(Baseline), USUAL_BASELINE, key=Key.BASELINE, help=define("baseline", nothing)
            )
            baseline = Baseline(chosen)
        run_target = _pick_run_class(run_classes)
    return Question(method, target, contrast, run_target, stage, baseline, strength, percentile, signs == SIGNED)


def _signs(is_signed: bool) -> str:
    """Return the key of the switch: methods with and without a sign have different defaults."""
    return Key.VALUES if is_signed else f"{Key.VALUES}_unsigned"


def stage_key(method: Method) -> str:
    """Return where the chosen location is kept: methods that need a stage have a choice of their own."""
    return Key.STAGE if METHODS[method].at_stage else Key.WHERE


def _pick_stage(method: Method, stages: Sequence[Stage]) -> str:
    """Let a person pick where to look; '' is the picture itself."""
    spec = METHODS[method]
    names = [stage.name for stage in stages[:-1]]
    if spec.at_stage:
        options, default = names, names[-1]
    else:
        options, default = [PICTURE, *(names if spec.sweeps else [])], PICTURE
    key = stage_key(method)
    if st.session_state.get(key) not in (None, *options):
        st.session_state[key] = default
    stage = linked_select("Where", options, default, key=key, help="At the picture's pixels, or at the end of a stage.")
    return "" if stage == PICTURE else stage


def _pick_run_class(run_classes: Sequence[str]) -> str:
    if not run_classes:
        return BEST
    return linked_select(
        "Class for the runs", [BEST, TRUE, *run_classes], BEST, key=Key.RUN_CLASS,
        help="Runs know the target's classes instead of the source's.",
    )  # fmt: skip

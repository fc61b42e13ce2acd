"""Why this answer: the picture beside its map, the same method at every stage, and what runs changed."""

from __future__ import annotations

import html
from collections.abc import Sequence
from dataclasses import dataclass
from functools import partial
from typing import TYPE_CHECKING

import numpy as np
import streamlit as st

from tlviz.api.pictures import find_true_class
from tlviz.data.pixels.pictures import Pixels
from tlviz.explore.attribution.methods import METHODS
from tlviz.ui.attributions.question import BEST, NOTHING, SECOND, TRUE, Question
from tlviz.ui.before_after import TunedRun
from tlviz.ui.cached import looks
from tlviz.ui.cached.attributions import Asked, explained, swept
from tlviz.ui.cached.networks import run_network
from tlviz.ui.feature_maps.choice import DIFFERENCE, MAPS
from tlviz.ui.messages import plain
from tlviz.ui.state import Key
from tlviz.ui.widgets.linked import linked_choice
from tlviz.ui.widgets.tiles import Pane, TileRow, render_tiles

if TYPE_CHECKING:
    from tlviz.explore.attribution.attributions import Attribution
    from tlviz.explore.maps.feature_maps import Map
    from tlviz.models.load import Network

_HOVERED = 56
"""The map's values are shown on hover at this many positions a side."""
_NOTHING_MISSED = 1e-3


@dataclass(frozen=True, slots=True)
class Subject:
    """A picture and the network whose answer is asked about; ``label`` is '' for an uploaded picture."""

    model: str
    network: Network
    pixels: Pixels
    name: str
    label: str
    true_class: int | None


@dataclass(frozen=True, slots=True)
class Answer:
    """The map of one network: what to call it, the question in numbers, the map, and the class in words."""

    name: str
    asked: Asked
    network: Network
    attribution: Attribution
    words: str


def run_classes(runs: Sequence[TunedRun]) -> list[str]:
    """Return the classes that chosen runs know, each once."""
    return list(dict.fromkeys(name for run in runs for name in run_network(run.name).classes))


def find_answers(question: Question, subject: Subject, runs: Sequence[TunedRun]) -> list[Answer]:
    """Return the pretrained network's map and those of runs; none where the person cancelled the first."""
    asked = ask(question, subject)
    first = _answer(question, "Pretrained" if runs else "", asked, subject.network, subject.pixels)
    if first is None:
        return []
    others = [_answer_of_run(question, subject, run) for run in runs]
    return [first, *(other for other in others if other is not None)]


def ask(question: Question, subject: Subject) -> Asked:
    """Turn a question's words into class numbers of the pretrained network."""
    known = _known(subject.model, "", subject.pixels, subject.true_class)
    target = known[question.target] if question.target in known else int(question.target)
    contrast = known[question.contrast] if question.contrast in known else int(question.contrast)
    return Asked(subject.model, "", question.method, target, contrast, question.baseline)


def _answer_of_run(question: Question, subject: Subject, run: TunedRun) -> Answer | None:
    """Ask a run for one of its own classes; its best guess where it does not know the wanted one."""
    network = run_network(run.name)
    true_class = find_true_class((subject.label,), network.classes)
    known = _known(subject.model, run.name, subject.pixels, true_class)
    wanted = question.run_target
    target = network.classes.index(wanted) if wanted in network.classes else known.get(wanted)
    contrast = known[SECOND] if question.contrast == SECOND else None
    asked = Asked(subject.model, run.name, question.method, target, contrast, question.baseline)
    return _answer(question, run.title, asked, network, subject.pixels)


def _known(model: str, run: str, pixels: Pixels, true_class: int | None) -> dict[str, int | None]:
    guesses = looks.seen(model, run, pixels).guesses
    second = guesses[1].number if len(guesses) > 1 else None
    return {BEST: None, TRUE: true_class, NOTHING: None, SECOND: second}


def _answer(question: Question, name: str, asked: Asked, network: Network, pixels: Pixels) -> Answer | None:
    stage = question.stage
    found = (
        (swept(asked, pixels) or {}).get(stage)
        if stage
        else explained(asked, pixels, partial(_draw_sketch, question, pixels))
    )
    if found is None:
        return None
    if not network.classes:
        return Answer(name, asked, network, found, "its features")
    guesses = looks.seen(asked.model, asked.run, pixels).guesses
    likely = next((f" {guess.probability:.0%}" for guess in guesses if guess.number == found.target), "")
    against = f" rather than {network.classes[found.contrast]}" if found.contrast is not None else ""
    return Answer(name, asked, network, found, f"{network.classes[found.target]}{likely}{against}")


def _draw_sketch(question: Question, pixels: Pixels, values: Map) -> None:
    """Show a map that is not yet done where it will stand, beside the picture."""
    values = on_grid(values, pixels)
    pane = attribution_pane(question, pixels, values, full_colour_of(question, [values]))
    picture, growing, _ = st.columns([1.6, 1.6, 1])
    picture.image(pixels, width="stretch", alt="The picture as the network gets it")
    growing.image(pane.pixels, width="stretch", caption="So far; it becomes finer.", alt="The map so far")


def render_answers(question: Question, subject: Subject, answers: Sequence[Answer]) -> None:
    """Show the picture beside the map of each network, all on one colour scale, and the legend."""
    if not answers:
        return
    shown = linked_choice("Show", [MAPS, DIFFERENCE], MAPS, key=Key.SHOW) if len(answers) > 1 else MAPS
    maps = [on_grid(given.attribution.map, subject.pixels) for given in answers]
    most = full_colour_of(question, maps)
    panes, headings = [Pane(subject.pixels, 1, hints=["as the network gets it"], crisp=False)], ["Picture"]
    for at, (given, values) in enumerate(zip(answers, maps, strict=True)):
        is_difference = shown == DIFFERENCE and at > 0
        drawn = values - maps[0] if is_difference else values
        panes.append(attribution_pane(question, subject.pixels, drawn, most, is_difference=is_difference))
        name = f"{given.name} minus {answers[0].name}" if is_difference else given.name
        headings.append(f"{name}: {given.words}" if name else f"for {given.words}")
    row = TileRow("attribution", METHODS[question.method].title, panes)
    drawing, beside = st.columns([3.2, 1], vertical_alignment="center") if len(answers) == 1 else (st.container(),) * 2
    with drawing:
        render_tiles([row], key="why_maps", headings=headings, titled=False)
    with beside:
        _legend(question, answers[0], most)
    for given, values in zip(answers, maps, strict=True):
        named = f"**{plain(given.name)}:** " if given.name else ""
        st.markdown(named + plain(reading(subject, given, values)))
    if len(answers) > 1:
        st.caption(plain(_largest_difference(answers, maps)))
    if shown == DIFFERENCE:
        st.caption(f"In a difference red is more than before, blue is less; full colour at {most:.2g}.")


def reading(subject: Subject, given: Answer, values: Map) -> str:
    """Say what a network answered to the picture, for which class its map speaks, and where most of it lies."""
    from tlviz.explore.attribution.reading import Said, map_in_words

    classes, found = given.network.classes, given.attribution
    guesses = looks.seen(given.asked.model, given.asked.run, subject.pixels).guesses
    if not classes or not guesses:
        return map_in_words(Said("", 0.0, "", None), values, subject.pixels)
    true_class = find_true_class((subject.label,), classes) if given.asked.run else subject.true_class
    spec = METHODS[found.method]
    said = Said(
        answered=guesses[0].name,
        share=guesses[0].probability,
        asked=classes[found.target] if spec.is_class_specific else "",
        asked_share=next((guess.probability for guess in guesses if guess.number == found.target), None),
        against=classes[found.contrast] if found.contrast is not None else "",
        truth="" if true_class is None else classes[true_class],
        label=subject.label,
        is_sensitivity=not spec.is_signed and not spec.at_stage,
    )
    return map_in_words(said, values, subject.pixels)


def attribution_pane(
    question: Question, pixels: Pixels, values: Map, most: float, *, is_difference: bool = False
) -> Pane:
    """Return a map (S, S) drawn over the picture, with its values on hover."""
    from tlviz.figures.attribution_pictures import draw_attribution

    is_signed = question.is_signed or is_difference
    drawn = draw_attribution(pixels, values, most, is_signed=is_signed, strength=question.strength / 100)
    step = max(1, values.shape[0] // _HOVERED)
    coarse = values[step // 2 :: step, step // 2 :: step]
    return Pane(drawn, coarse.shape[1], values=[f"{value:.2g}" for value in coarse.ravel()], crisp=False)


def full_colour_of(question: Question, maps: Sequence[Map]) -> float:
    """Return the absolute value that gets the full colour in all of these maps."""
    from tlviz.figures.attribution_pictures import full_colour

    return full_colour(maps, question.percentile)


def on_grid(values: Map, pixels: Pixels) -> Map:
    """Bring a map to the picture's grid, where a run sees pictures in another size."""
    from tlviz.figures.sprites import resample

    return values if values.shape[0] == pixels.shape[0] else resample(values[None], pixels.shape[0])[0]


def _largest_difference(answers: Sequence[Answer], maps: Sequence[Map]) -> str:
    said = []
    for given, values in zip(answers[1:], maps[1:], strict=True):
        largest = float(np.abs(values - maps[0]).max())
        said.append(f"{given.name}: {'no difference at all' if largest == 0 else f'up to {largest:.2g}'}")
    return (
        f"Largest difference from the pretrained network. {'; '.join(said)}. All maps have one colour scale; each "
        "explains its own class, named above it."
    )


def _legend(question: Question, given: Answer, most: float) -> None:
    from tlviz.figures.attribution_pictures import HEAT
    from tlviz.figures.sprites import ramp_css

    low, high = (f"-{most:.2g} against", f"for {most:.2g}") if question.is_signed else ("0", f"{most:.2g}")
    ramp = ramp_css(two_sided=True) if question.is_signed else ramp_css(HEAT)
    st.html(
        f'<div style="height:9px;border-radius:3px;max-width:420px;background:{ramp}"></div>'
        '<div style="display:flex;justify-content:space-between;gap:8px;font-size:0.8rem;max-width:420px">'
        f"<span>{html.escape(low)}</span><span>{html.escape(high)}</span></div>"
        f'<div style="font-size:0.8rem;opacity:0.8;margin-top:4px">{html.escape(legend_words(question, given))}</div>'
    )
    found = given.attribution
    if found.note:
        st.caption(plain(found.note))
    if found.gap is not None and found.gap > _NOTHING_MISSED:
        st.caption(f"The map's values miss the sum that they should add up to by {found.gap:.1%}.")


def legend_words(question: Question, given: Answer) -> str:
    """Say everything that made a map what it is, in one line."""
    spec = METHODS[question.method]
    return " · ".join(
        [
            spec.title,
            f"at {question.stage}" if question.stage else "at the picture's pixels",
            f"for {given.words}",
            f"score {given.attribution.score:.3g}",
            "signed" if question.is_signed else "absolute",
            f"full colour at the {question.percentile}th percentile",
            f"overlay {question.strength} %",
            *([f"baseline {question.baseline}"] if spec.uses_baseline else []),
        ]
    )

"""The guided lesson: steps over the pages with a question each, and experiments of the student's own."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Any

from tlviz.errors import BadLessonError, quoted
from tlviz.home import ASSETS
from tlviz.learn.cards import Experiment, Kind, Link, check_known, make_experiment, make_link
from tlviz.learn.class_folder import class_folder
from tlviz.learn.fields import Fields
from tlviz.learn.quantities import QUANTITIES, STAGE_QUANTITIES
from tlviz.learn.yaml_file import read_yaml

LESSON = ASSETS / "learn" / "lesson.yaml"


@dataclass(frozen=True, slots=True)
class Step:
    """One step: what to do, a question with or without choices, ways on, and what it runs and shows.

    ``has_pictures``: it shows the maps of a photograph, a drawing and a digit, with the network of the first
    experiment.
    """

    name: str
    title: str
    text: str
    question: str
    choices: tuple[str, ...]
    links: tuple[Link, ...]
    experiments: tuple[Experiment, ...]
    shows: tuple[str, ...]
    words: tuple[str, ...]
    has_pictures: bool = False


@dataclass(frozen=True, slots=True)
class Lesson:
    """A lesson: its steps in their order, and all their experiments."""

    name: str
    title: str
    intro: str
    steps: tuple[Step, ...]
    experiments: tuple[Experiment, ...]


def load_lesson() -> Lesson:
    """Return the lesson: an instructor's own ``lesson.yaml``, else the one that ships.  Raises ``BadLessonError``."""
    folder = class_folder()
    own = folder / "lesson.yaml" if folder else None
    return read_lesson(own if own and own.is_file() else LESSON)


def read_lesson(path: Path) -> Lesson:
    """Read a lesson.  Raises ``BadLessonError`` with one sentence that says what to change."""
    return make_lesson(read_yaml(path), path.name)


def make_lesson(values: Any, where: str) -> Lesson:
    """Check what a lesson's file says.  Raises ``BadLessonError``."""
    fields = Fields.of(values, where)
    fields.only(("name", "title", "intro", "experiments", "steps"))
    experiments = {one.name: one for one in map(make_experiment, fields.parts("experiments", "experiment"))}
    steps = tuple(_step(part, experiments) for part in fields.parts("steps", "step"))
    names = [step.name for step in steps]
    if any(step.has_pictures for step in steps) and not experiments:
        raise BadLessonError(f"{where} shows pictures and has no experiment, whose network would show them.")
    if not steps or len(set(names)) < len(names):
        raise BadLessonError(f"{where} needs steps, each with a name of its own.")
    return Lesson(fields.text("name"), fields.text("title"), fields.text("intro"), steps, tuple(experiments.values()))


def _step(fields: Fields, experiments: dict[str, Experiment]) -> Step:
    fields.only(("name", "title", "text", "question", "choices", "links", "experiments", "shows", "words", "pictures"))
    wanted, shows = fields.texts("experiments"), fields.texts("shows")
    unknown = next((name for name in wanted if name not in experiments), None)
    if unknown is not None:
        raise BadLessonError(f"{fields.where} names the experiment {quoted(unknown)}; there is no such one.")
    chosen = tuple(experiments[name] for name in wanted)
    if chosen and (not shows or len({one.kind for one in chosen}) > 1):
        raise BadLessonError(f"{fields.where} needs 'shows', and experiments of one kind.")
    for measure in shows:
        is_race = not chosen or chosen[0].kind is Kind.RACE
        check_known("shows", measure, QUANTITIES if is_race else STAGE_QUANTITIES, fields.where)
    return Step(
        name=fields.text("name"),
        title=fields.text("title"),
        text=fields.text("text"),
        question=fields.text("question"),
        choices=fields.texts("choices"),
        links=tuple(map(make_link, fields.parts("links", "link"))),
        experiments=chosen,
        shows=shows,
        words=fields.texts("words"),
        has_pictures=fields.one_of("pictures", ("none", "three"), "none") == "three",
    )

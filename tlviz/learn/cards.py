"""The cards of the Learn page: a statement, how it is tried, and what would bear it out; one YAML file each."""

from __future__ import annotations

import re
from dataclasses import dataclass
from enum import StrEnum
from pathlib import Path
from typing import Any

from tlviz.diagnose.request import Request, make_request
from tlviz.errors import BadLessonError, TlvizError, quoted
from tlviz.finetune.config import SETTINGS, FinetuneConfig, configure
from tlviz.learn.fields import Fields
from tlviz.learn.page_names import PAGES
from tlviz.learn.quantities import QUANTITIES, STAGE_QUANTITIES
from tlviz.learn.yaml_file import read_yaml

MOST_RUNS = 30
_NAME = re.compile(r"[a-z0-9][a-z0-9_-]{0,59}")
_FIXED = {"model", "data", "seed"}
_OF_MACHINE = {"device", "threads", "cache_mb", "deterministic", "compile"}


class Kind(StrEnum):
    """How a statement is tried."""

    RACE = "race"
    PROFILE = "profile"


@dataclass(frozen=True, slots=True)
class Experiment:
    """A prepared race or profile.

    ``runs`` are a race's runs by their labels with the settings that differ; ``settings`` are those of all.  ``seeds``
    are the measured ones, ``here`` those of *Run it here*, which shall end within two minutes.
    """

    name: str
    kind: Kind
    model: str
    data: str
    settings: dict[str, Any]
    runs: dict[str, dict[str, Any]]
    seeds: tuple[int, ...]
    here: tuple[int, ...]

    def configs(self, seeds: tuple[int, ...]) -> tuple[tuple[FinetuneConfig, ...], tuple[str, ...]]:
        """Return the runs of the race for some seeds, and the label of each.  Raises ``TlvizError``."""
        planned = [
            (configure(self.model, self.data, **{"strategy": "full"} | self.settings | own, seed=seed), label)
            for seed in seeds
            for label, own in self.runs.items()
        ]
        return tuple(config for config, _ in planned), tuple(label for _, label in planned)

    def plan(self) -> dict[str, Any]:
        """Return what decides the numbers, as JSON values: numbers of another plan are of another experiment."""
        own = {"kind": str(self.kind), "model": self.model, "data": Path(self.data).name, "settings": self.settings}
        return own | ({"runs": self.runs, "seeds": list(self.seeds)} if self.kind is Kind.RACE else {})

    def request(self) -> Request:
        """Return what a profile asks for.  Raises ``TlvizError``."""
        return make_request(self.model, self.data, **self.settings)


@dataclass(frozen=True, slots=True)
class Place:
    """A row of an experiment's table: its experiment and its label."""

    experiment: str
    row: str


@dataclass(frozen=True, slots=True)
class Check:
    """What must hold for the claim: ``first`` less ``second`` in ``measure`` is at least, or at most, so much.

    Without ``second``, ``first`` alone is compared.
    """

    says: str
    measure: str
    first: Place
    second: Place | None
    at_least: float | None
    at_most: float | None


@dataclass(frozen=True, slots=True)
class Link:
    """A way into a page with everything set: its address without the server's name."""

    page: str
    label: str
    query: dict[str, str]


@dataclass(frozen=True, slots=True)
class Card:
    """One statement of the course; texts are plain words."""

    name: str
    order: float
    part: str
    title: str
    claim: str
    experiments: tuple[Experiment, ...]
    shows: tuple[str, ...]
    checks: tuple[Check, ...]
    look_at: str
    fails_when: str
    question: str
    answer: str
    links: tuple[Link, ...]
    words: tuple[str, ...]
    is_own: bool = False

    @property
    def subject(self) -> str:
        """Network and target of the experiments, as every chart and worksheet says them."""
        pairs = dict.fromkeys(f"{experiment.model} on {experiment.data}" for experiment in self.experiments)
        return ", ".join(pairs)


_TEXTS = ("part", "title", "claim", "look_at", "fails_when", "question", "answer")


def read_card(path: Path, *, is_own: bool = False) -> Card:
    """Read a card.  Raises ``BadLessonError`` with one sentence that says what to change, and where."""
    return make_card(read_yaml(path), path.name, is_own=is_own)


def make_card(values: Any, where: str, *, is_own: bool = False) -> Card:
    """Check what a card's file says.  Raises ``BadLessonError``."""
    fields = Fields.of(values, where)
    fields.only(("name", "order", *_TEXTS, "experiments", "shows", "checks", "links", "words"))
    name = fields.text("name")
    if not _NAME.fullmatch(name):
        raise BadLessonError(f"'name' in {where} is {quoted(name)}; use a-z, 0-9, - and _ only, such as two-phases.")
    experiments = tuple(make_experiment(part) for part in fields.parts("experiments", "experiment"))
    if not experiments:
        raise BadLessonError(f"{where} has no experiment; give at least one under 'experiments'.")
    _check_once([experiment.name for experiment in experiments], f"experiment names of {where}")
    known = QUANTITIES if experiments[0].kind is Kind.RACE else STAGE_QUANTITIES
    if any(experiment.kind is not experiments[0].kind for experiment in experiments):
        raise BadLessonError(f"{where} mixes races and profiles; make a card of each.")
    shows = fields.texts("shows")
    for measure in shows:
        check_known("shows", measure, known, where)
    if not shows:
        raise BadLessonError(f"{where} shows no number; name at least one of {', '.join(known)} under 'shows'.")
    checks = tuple(_check(part, experiments, known) for part in fields.parts("checks", "check"))
    if not checks:
        raise BadLessonError(f"{where} has no check; say under 'checks' which numbers would bear the claim out.")
    return Card(
        name=name,
        order=fields.number("order"),
        **{text: fields.text(text) for text in _TEXTS},
        experiments=experiments,
        shows=shows,
        checks=checks,
        links=tuple(make_link(part) for part in fields.parts("links", "link")),
        words=fields.texts("words"),
        is_own=is_own,
    )


def make_experiment(fields: Fields) -> Experiment:
    """Check what a file says of an experiment.  Raises ``BadLessonError``."""
    fields.only(("name", "kind", "model", "data", "settings", "runs", "seeds", "here"))
    kind = Kind(fields.one_of("kind", [str(kind) for kind in Kind]))
    runs = fields.within("runs")
    seeds = _seeds(fields, "seeds", (0, 1, 2))
    experiment = Experiment(
        name=fields.text("name"),
        kind=kind,
        model=fields.text("model", "squeezenet1_1"),
        data=fields.text("data"),
        settings=dict(fields.within("settings").values),
        runs={label: dict(Fields.of(own or {}, f"run {quoted(label)} in {fields.where}").values)
              for label, own in runs.values.items()},
        seeds=seeds,
        here=_seeds(fields, "here", seeds[:1]),
    )  # fmt: skip
    if kind is Kind.RACE:
        _check_race(experiment, fields.where)
    elif experiment.runs:
        raise BadLessonError(f"{fields.where} is a profile and has 'runs'; only a race has runs.")
    else:
        Fields(experiment.settings, f"'settings' in {fields.where}").only(("image_size", "limit", "seed"))
        _try(experiment.request, fields.where)
    return experiment


def _check_race(experiment: Experiment, where: str) -> None:
    if not 1 <= len(experiment.runs) * len(experiment.seeds) <= MOST_RUNS:
        raise BadLessonError(f"{where} must have 1 to {MOST_RUNS} runs, one for each label and seed.")
    known = SETTINGS.keys() - _FIXED - _OF_MACHINE
    for label, own in [("settings", experiment.settings), *experiment.runs.items()]:
        Fields(own, f"{quoted(label)} in {where}").only(sorted(known))
    _try(lambda: experiment.configs(experiment.seeds), where)


def _try(made: Any, where: str) -> None:
    """Check settings as a run would.  Raises ``BadLessonError`` that says where they stand."""
    try:
        made()
    except TlvizError as error:
        raise BadLessonError(f"{where} cannot be run: {error}") from error
    except (TypeError, ValueError) as error:
        raise BadLessonError(f"{where} has a setting of the wrong kind: {error}.") from error


def _seeds(fields: Fields, name: str, default: tuple[int, ...]) -> tuple[int, ...]:
    values = fields.items(name) if name in fields.values else list(default)
    if not values or not all(isinstance(seed, int) and not isinstance(seed, bool) and seed >= 0 for seed in values):
        raise BadLessonError(
            f"'{name}' in {fields.where} must be a list of whole numbers from 0 on, such as [0, 1, 2]."
        )
    _check_once(list(map(str, values)), f"{name} of {fields.where}")
    return tuple(values)


def _check(fields: Fields, experiments: tuple[Experiment, ...], known: Any) -> Check:
    fields.only(("says", "measure", "first", "second", "in", "second_in", "at_least", "at_most"))
    measure = fields.text("measure")
    check_known("measure", measure, known, fields.where)
    home = fields.text("in", experiments[0].name)
    second = fields.text("second", "")
    least, most = fields.optional("at_least"), fields.optional("at_most")
    if (least is None) == (most is None):
        raise BadLessonError(f"{fields.where} needs either 'at_least' or 'at_most', a number.")
    return Check(
        says=fields.text("says"),
        measure=measure,
        first=_place(fields, home, fields.text("first"), experiments),
        second=_place(fields, fields.text("second_in", home), second, experiments) if second else None,
        at_least=least,
        at_most=most,
    )


def _place(fields: Fields, experiment: str, row: str, experiments: tuple[Experiment, ...]) -> Place:
    found = next((one for one in experiments if one.name == experiment), None)
    if found is None:
        names = ", ".join(one.name for one in experiments)
        raise BadLessonError(f"{fields.where} names the experiment {quoted(experiment)}; this card has {names}.")
    if found.kind is Kind.RACE and row not in found.runs:
        raise BadLessonError(f"{fields.where} names the run {quoted(row)}; {experiment} has {', '.join(found.runs)}.")
    return Place(experiment, row)


def make_link(fields: Fields) -> Link:
    """Check what a file says of a link.  Raises ``BadLessonError``."""
    fields.only(("page", "label", "query"))
    query = fields.within("query").values
    page = fields.one_of("page", PAGES)
    return Link(page, fields.text("label"), {str(key): str(value) for key, value in query.items()})


def check_known(field: str, name: str, known: Any, where: str) -> None:
    """Check that a name is in a table.  Raises ``BadLessonError`` that lists the table."""
    if name not in known:
        raise BadLessonError(f"'{field}' in {where} names {quoted(name)}; it can be {', '.join(known)}.")


def _check_once(names: list[str], where: str) -> None:
    twice = next((name for name in names if names.count(name) > 1), None)
    if twice is not None:
        raise BadLessonError(f"{quoted(twice)} stands twice among the {where}; each must be there once.")

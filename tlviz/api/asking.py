"""What a person asks for, checked and made complete: the command line and the Python interface ask here."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import replace
from os import PathLike, fspath
from typing import Any

from tlviz.data.images import Progress, open_settled
from tlviz.data.sources.notes import remembered_reading
from tlviz.data.sources.reading import ReadAs, need_answers
from tlviz.data.sources.target import Target
from tlviz.diagnose.request import LIMIT, Request, make_request
from tlviz.errors import BadSettingError, UnknownNameError
from tlviz.finetune.config import SETTINGS, FinetuneConfig, configure
from tlviz.finetune.settings import Group, Setting, former_names
from tlviz.finetune.strategies import find_strategy
from tlviz.medium import Medium
from tlviz.models.catalogue import find_model
from tlviz.models.local_weights import need_weights
from tlviz.models.table import BUNDLED, ENCODERS
from tlviz.runs.best.plan import SEVERAL_NETWORKS_MINUTES, check_minutes
from tlviz.runs.races.plan import COURSE, STRATEGY, parse_values, plan_race

READING_OPTIONS: tuple[Setting, ...] = tuple(row for row in SETTINGS.values() if row.group is Group.TARGET)
"""The settings that say how a target is read."""
RACE_OPTIONS: tuple[Setting, ...] = tuple(row for row in SETTINGS.values() if row.in_race)
"""The settings that a race asks for once for all its runs."""


def settle_to_train(data: str, chosen: Mapping[str, Any], unpacking: Progress | None = None) -> tuple[str, Target]:
    """Return the name that finds a target from anywhere, and the target, which can be trained on.

    ``chosen`` holds what the person decided about the reading, among other options.
    Raises ``BadDatasetError`` where the reading has an open question, and what ``open_target`` raises.
    """
    name, target = open_settled(data, unpacking, ReadAs.from_json(chosen))
    need_answers(target.reading)
    return name, target


def ask_run(
    model: str, data: str, strategy: str, chosen: Mapping[str, Any], unpacking: Progress | None = None
) -> tuple[FinetuneConfig, Target]:
    """Return the run that a person describes, and its target.  Raises ``TlvizError`` for a person's mistake."""
    known = find_model(model).name
    name, target = settle_to_train(data, chosen, unpacking)
    return configure(known, name, strategy, **chosen), target


def ask_race(
    chosen: Mapping[str, Any],
    sweep: str,
    texts: Iterable[str],
    seeds: Sequence[int],
    unpacking: Progress | None = None,
) -> tuple[tuple[FinetuneConfig, ...], Target]:
    """Return the runs of a race, and its target; ``texts`` are the values of what is swept, as they are typed.

    ``chosen`` holds ``model``, ``data``, ``strategy`` and the other settings of all runs.
    Raises ``TlvizError`` for a person's mistake.
    """
    base = dict(chosen) | {"model": find_model(chosen["model"]).name}
    base["data"], target = settle_to_train(chosen["data"], chosen, unpacking)
    if sweep == STRATEGY:
        base.pop(STRATEGY, None)
    else:
        find_strategy(base[STRATEGY])
    return plan_race(base, sweep, parse_values(sweep, texts), seeds), target


def ask_best(
    data: str,
    minutes: float,
    models: Sequence[str] | None,
    chosen: Mapping[str, Any],
    unpacking: Progress | None = None,
) -> tuple[list[str], str, Target]:
    """Return the networks to choose from, the name of the target, and the target, for a search within a budget.

    Without ``models`` they are those that ship and take what the target is made of.  Raises ``TlvizError`` for a
    person's mistake.
    """
    check_minutes(minutes)
    named = None if models is None else [find_model(model.strip()).name for model in models]
    name, target = settle_to_train(data, chosen, unpacking)
    ships = BUNDLED if target.medium is Medium.PICTURES else ENCODERS
    asked = list(dict.fromkeys(named or ships))
    for model in asked:
        need_weights(find_model(model))
    if named is None and minutes < SEVERAL_NETWORKS_MINUTES:
        asked = asked[:1]
    return asked, name, target


def what_is_swept(
    strategies: Sequence[str] | None, sweep: str | None, values: Sequence[str] | None, written: str = "{}"
) -> tuple[str, list[str]]:
    """Return what a race sweeps, and its values as text; ``written`` is how the asker writes the name of an option.

    Raises ``BadSettingError`` where what is given does not go together.
    """
    named = {name: written.format(name) for name in ("strategies", "sweep", "values")}
    if sweep is None:
        if values is not None:
            raise BadSettingError(f"{named['values']} needs {named['sweep']} with the name of the setting.")
        return STRATEGY, list(strategies) if strategies else list(COURSE)
    if strategies is not None and sweep != STRATEGY:
        raise BadSettingError(
            f"A race sweeps one setting: give {named['strategies']}, or {named['sweep']} with {named['values']}."
        )
    if not values:
        raise BadSettingError(f"{named['sweep']} {sweep} needs {named['values']} with what to try, comma-separated.")
    return former_names(SETTINGS).get(sweep, sweep), list(values)


def ask_profile(
    model: str,
    data: str,
    chosen: Mapping[str, Any],
    *,
    image_size: int | None = None,
    limit: int = LIMIT,
    seed: int = 0,
    unpacking: Progress | None = None,
) -> tuple[Request, Target]:
    """Return what is to be measured, and its target.  Raises ``TlvizError`` for a person's mistake."""
    checked = make_request(model, data, image_size=image_size, limit=limit, seed=seed)
    need_weights(find_model(checked.model))
    name, target = settle_to_train(data, chosen, unpacking)
    return replace(checked, data=name, read_as=ReadAs.from_json(chosen).over(remembered_reading(name))), target


def taken(given: Mapping[str, Any], rows: Iterable[Setting], what: str) -> dict[str, Any]:
    """Return the settings given by name to a function, under their present names.

    Raises ``UnknownNameError`` for one that is not among ``rows``; ``what`` says of what they are settings.
    """
    table = {row.name: row for row in rows}
    former = former_names(table)
    unknown = next((name for name in given if former.get(name, name) not in table), None)
    if unknown is not None:
        raise UnknownNameError(f"setting of {what}", unknown, table)
    return {former.get(name, name): _plain(value) for name, value in given.items()}


def _plain(value: Any) -> Any:
    return fspath(value) if isinstance(value, PathLike) else value

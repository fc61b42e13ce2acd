"""What differs between the run that a form describes and one that has been made, in one line."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import asdict, replace
from enum import StrEnum
from typing import Any

from tlviz.data.images import dataset_title
from tlviz.finetune.config import FinetuneConfig
from tlviz.finetune.plan import frozen_to_the_end
from tlviz.finetune.settings import in_words
from tlviz.finetune.strategies import STRATEGIES
from tlviz.models.spec import Stage
from tlviz.runs.compare import differing_settings

MOST_NAMED = 4
_ORDER = ("model", "data", "strategy", "freeze", "frozen", "unfreeze", "tune", "head_lr", "backbone_lr", "epochs")
_PLAN = frozenset({"freeze", "frozen"})
_WORDS = {"model": "network", "data": "target", "freeze": "frozen stages", "frozen": "frozen stages by name"}


def plan_difference(
    form: FinetuneConfig, form_stages: Sequence[Stage], run: FinetuneConfig, run_stages: Sequence[Stage]
) -> dict[str, tuple[Any, Any]]:
    """Return the settings in which a form and a run differ: name to (form, run), those that matter most first.

    A depth that the strategy decides is that depth, and a set that begins at the stem is a depth; the depths of two
    networks are not compared.  Raises ``UnknownNameError`` or ``BadSettingError`` where a plan is not for its stages.
    """
    settled = [settle_plan(form, form_stages), settle_plan(run, run_stages)]
    if any(config.frozen is not None for config in settled):
        settled = [_by_name(settled[0], form_stages), _by_name(settled[1], run_stages)]
    found = differing_settings([asdict(config) for config in settled])
    if form.model != run.model:
        found = {name: values for name, values in found.items() if name not in (*_PLAN, "unfreeze")}
    ranked = sorted(found, key=lambda name: _ORDER.index(name) if name in _ORDER else len(_ORDER))
    return {name: (found[name][0], found[name][1]) for name in ranked}


def settle_plan(config: FinetuneConfig, stages: Sequence[Stage]) -> FinetuneConfig:
    """Write out which stages are frozen to the end: as a depth, or by name where they are not the first ones."""
    frozen = frozen_to_the_end(config, stages)
    if frozen == frozenset(range(len(frozen))):
        return replace(config, freeze=len(frozen), frozen=None)
    return _by_name(config, stages)


def _by_name(config: FinetuneConfig, stages: Sequence[Stage]) -> FinetuneConfig:
    names = tuple(stages[at].name for at in sorted(frozen_to_the_end(config, stages)))
    return replace(config, freeze=0, frozen=names)


def difference_in_words(differing: Mapping[str, tuple[Any, Any]]) -> str:
    """Name what differs, with the run's value behind the form's; '' where nothing does."""
    parts = [
        f"{_WORDS.get(name, in_words(name))} {_written(name, form)} instead of {_written(name, run)}"
        for name, (form, run) in list(differing.items())[:MOST_NAMED]
    ]
    more = len(differing) - len(parts)
    return ", ".join(parts) + (f", and {more} more" if more > 0 else "")


def _written(name: str, value: Any) -> str:
    if value is None or value == "":
        return "none"
    if name == "strategy" and value in STRATEGIES:
        return STRATEGIES[value].title
    if name == "data":
        return dataset_title(value)
    if isinstance(value, bool):
        return "on" if value else "off"
    if isinstance(value, float):
        return f"{value:g}"
    if isinstance(value, tuple | list):
        return " + ".join(map(str, value)) or "none"
    return str(value.value if isinstance(value, StrEnum) else value)

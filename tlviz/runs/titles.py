"""How runs are named side by side: the shortest words that distinguish them."""

from __future__ import annotations

import time
from collections import Counter
from collections.abc import Mapping, Sequence
from typing import Any

from tlviz.data.images import dataset_title
from tlviz.finetune.settings import in_words
from tlviz.finetune.strategies import STRATEGIES
from tlviz.runs.compare import differing_settings
from tlviz.runs.overview import RunRow

MOST_TOLD = 3
"""So many settings that differ are named in a title."""
MOST_LETTERS = 24
_ELSEWHERE = ("model", "data", "strategy", "seed")
"""Settings that a title names in another way, or not at all."""


def strategy_title(name: str) -> str:
    """Return how a strategy is called where a person reads."""
    return STRATEGIES[name].title if name in STRATEGIES else name


def row_label(row: RunRow) -> str:
    """Name a run the way a person would: by the own name, or target, strategy, network; and when it was started."""
    own = row.notes.name or f"{dataset_title(row.data)} · {strategy_title(row.strategy)} · {row.model}"
    seed = f" · seed {row.seed}" if row.seed and not row.notes.name else ""
    return f"{own}{seed} · {moment(row.started)}"


def row_labels(rows: Sequence[RunRow]) -> dict[str, str]:
    """Return for each run the words that pick it out of a list: what differs, and when only where nothing else does."""
    targets, networks = len({row.data for row in rows}) > 1, len({row.model for row in rows}) > 1
    what = [f"{dataset_title(row.data)} · " if targets else "" for row in rows]
    firsts = [row.notes.name or f"{at}{strategy_title(row.strategy)}" for at, row in zip(what, rows, strict=True)]
    labels = {}
    for row, first in zip(rows, firsts, strict=True):
        alike = [other for other, words in zip(rows, firsts, strict=True) if words == first]
        parts = [first]
        parts += [row.model] if networks and not row.notes.name else []
        parts += [f"freeze {row.freeze}"] if len({other.freeze for other in alike}) > 1 else []
        parts += [f"{row.image_size} px"] if len({other.image_size for other in alike}) > 1 else []
        parts += [f"seed {row.seed}"] if len({other.seed for other in alike}) > 1 else []
        labels[row.run] = " · ".join(parts)
    counts = Counter(labels.values())
    started = {row.run: moment(row.started) for row in rows}
    return {run: f"{label} · {started[run]}" if counts[label] > 1 else label for run, label in labels.items()}


def moment(started: float) -> str:
    """Return a time of this machine's clock in a few words, nothing for what no calendar has."""
    try:
        return time.strftime("%d %b %H:%M", time.localtime(started))
    except (OverflowError, OSError, ValueError):
        return ""


def short_titles(rows: Sequence[RunRow], settings: Sequence[Mapping[str, Any]] = ()) -> list[str]:
    """Return for each run its own name, or its strategy and what else differs among these runs.

    ``settings`` are those of the runs, without their places in races: what differs in them is named where the rest is
    the same.
    """
    targets, networks = len({row.data for row in rows}) > 1, len({row.model for row in rows}) > 1
    seeds = len({row.seed for row in rows}) > 1
    titles = []
    for row in rows:
        parts = [strategy_title(row.strategy)]
        parts += [dataset_title(row.data)] if targets else []
        parts += [row.model] if networks else []
        titles.append(row.notes.name or ", ".join(parts))
    told = _differences(titles, settings) if settings else [""] * len(rows)
    marks = [f", seed {row.seed}" if seeds and not row.notes.name else "" for row in rows]
    return [title + words + mark for title, words, mark in zip(titles, told, marks, strict=True)]


def setting_words(name: str, value: Any) -> str:
    """Name a setting's value the way a title does: freeze 2, image size 128."""
    told = "default" if value is None else f"{value:g}" if isinstance(value, float) else str(value)
    return f"{in_words(name)} {told if len(told) <= MOST_LETTERS else told[:MOST_LETTERS] + '…'}"


def _differences(titles: Sequence[str], settings: Sequence[Mapping[str, Any]]) -> list[str]:
    """Return what is added to each title: the settings that differ among the runs of the same one."""
    told = []
    for title, own in zip(titles, settings, strict=True):
        alike = [other for name, other in zip(titles, settings, strict=True) if name == title]
        differing = [name for name in differing_settings(alike) if name not in _ELSEWHERE]
        words = [setting_words(name, own.get(name)) for name in differing[:MOST_TOLD]]
        words += ["…"] if len(differing) > MOST_TOLD else []
        told.append("".join(f", {word}" for word in words))
    return told


def letters(count: int) -> list[str]:
    """Return A, B, C and so on, after Z numbers."""
    return [chr(ord("A") + at) if at < 26 else str(at + 1) for at in range(count)]

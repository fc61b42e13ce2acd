"""How runs are named side by side: the shortest words that distinguish them."""

from __future__ import annotations

import time
from collections.abc import Sequence

from tlviz.data.images import dataset_title
from tlviz.finetune.strategies import STRATEGIES
from tlviz.runs.overview import RunRow


def strategy_title(name: str) -> str:
    """Return how a strategy is called where a person reads."""
    return STRATEGIES[name].title if name in STRATEGIES else name


def row_label(row: RunRow) -> str:
    """Name a run the way a person would: by the own name, or target, strategy, network; and when it was started."""
    own = row.notes.name or f"{dataset_title(row.data)} · {strategy_title(row.strategy)} · {row.model}"
    seed = f" · seed {row.seed}" if row.seed and not row.notes.name else ""
    return f"{own}{seed} · {moment(row.started)}"


def moment(started: float) -> str:
    """Return a time of this machine's clock in a few words, nothing for what no calendar has."""
    try:
        return time.strftime("%d %b %H:%M", time.localtime(started))
    except (OverflowError, OSError, ValueError):
        return ""


def short_titles(rows: Sequence[RunRow]) -> list[str]:
    """Return for each run its own name, or its strategy and what else differs among these runs."""
    targets, networks = len({row.data for row in rows}) > 1, len({row.model for row in rows}) > 1
    seeds = len({row.seed for row in rows}) > 1
    titles = []
    for row in rows:
        parts = [strategy_title(row.strategy)]
        parts += [dataset_title(row.data)] if targets else []
        parts += [row.model] if networks else []
        parts += [f"seed {row.seed}"] if seeds else []
        titles.append(row.notes.name or ", ".join(parts))
    return titles


def letters(count: int) -> list[str]:
    """Return A, B, C and so on, after Z numbers."""
    return [chr(ord("A") + at) if at < 26 else str(at + 1) for at in range(count)]

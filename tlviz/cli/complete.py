"""What the shell offers for a name that is half typed; none of it needs torch, and every command imports this."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import Any


def model_names() -> list[str]:
    """Return the networks of the catalogue and the imported ones."""
    from tlviz.models.imported import own_models
    from tlviz.models.table import MODELS

    return [*MODELS, *(spec.name for spec in own_models())]


def dataset_names() -> list[str]:
    """Return the targets that are called by name; folders are completed by the shell."""
    from tlviz.data.sources.catalogue import SHIPPED
    from tlviz.data.sources.public import PUBLIC
    from tlviz.data.sources.store import list_stored

    return list(dict.fromkeys([*SHIPPED, *PUBLIC, *(folder.name for folder in list_stored())]))


def public_names() -> list[str]:
    """Return the public datasets."""
    from tlviz.data.sources.public import PUBLIC

    return list(PUBLIC)


def strategy_names() -> list[str]:
    """Return the strategies."""
    from tlviz.finetune.strategies import STRATEGIES

    return list(STRATEGIES)


def run_names() -> list[str]:
    """Return ``last``, the own names of runs that need no quotes, and all folders' names, newest first."""
    from tlviz.runs.named import LAST
    from tlviz.runs.overview import overview
    from tlviz.runs.store.kinds import FINETUNE, RACE

    rows = [row for row in overview(None) if row.kind in (FINETUNE, RACE)]
    own = [row.notes.name for row in rows if row.notes.name and row.notes.name.split() == [row.notes.name]]
    return [LAST, *own, *(row.run for row in rows)]


def _starting(names: Callable[[], Iterable[str]], *, several: bool = False) -> Callable[[Any, Any, str], list[str]]:
    """Return a completion: those names that begin as what is typed, or as its part after the last comma."""

    def complete(_context: Any, _parameter: Any, incomplete: str) -> list[str]:
        before, comma, begun = incomplete.rpartition(",") if several else ("", "", incomplete)
        return [f"{before}{comma}{name}" for name in names() if name.startswith(begun)]

    return complete


COMPLETIONS = {
    "model": _starting(model_names),
    "architecture": _starting(model_names),
    "network": _starting(model_names),
    "data": _starting(dataset_names),
    "public": _starting(public_names),
    "strategy": _starting(strategy_names),
    "strategies": _starting(strategy_names, several=True),
    "run": _starting(run_names),
    "runs": _starting(run_names),
}
"""By the name of an option or argument, in whichever command it is."""

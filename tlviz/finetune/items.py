"""What a session trains on, whatever it is: the interface that pictures and texts have to offer the engine."""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING, Protocol, cast

import torch
from torch import Tensor

from tlviz.data.images import Rows
from tlviz.data.training.splits import Indices
from tlviz.finetune.cache import Store
from tlviz.medium import Medium

if TYPE_CHECKING:
    from tlviz.finetune.session import Session


class Items(Protocol):
    """The items of a session as network inputs on its device; indices are those of the decoded target."""

    def labels(self, indices: Indices) -> Tensor:
        """Return labels (n,)."""

    def plain(self, indices: Indices) -> Tensor:
        """Return items as they are."""

    def varied(self, indices: Indices, generator: torch.Generator) -> Tensor:
        """Return items augmented by new draws of a generator."""

    def view(self, indices: Indices, number: int) -> Tensor:
        """Return one fixed augmented view of each."""

    def batches(self, order: Indices, count: int, generator: torch.Generator) -> list[Indices]:
        """Cut a shuffled order into ``count`` batches for one epoch."""

    def by_cost(self, indices: Indices) -> Indices:
        """Return the positions (n,) of indices in an order in which neighbours take the same room."""

    def room(self, indices: Indices, sample: Tensor) -> int:
        """Return how many rows like those of ``sample`` what crosses a stage end takes for some items."""

    def store(
        self, rows: int, tall: int, sample: Tensor, *, in_memory: bool, device: torch.device | None = None
    ) -> Store:
        """Return room for what crosses a stage end of ``rows`` items, which takes ``tall`` rows in all."""


_KINDS = {
    Medium.PICTURES: ("tlviz.finetune.pictures", "Pictures"),
    Medium.TEXTS: ("tlviz.finetune.texts", "Texts"),
}


def items_of(session: Session) -> Items:
    """Return a session's items, of the kind its network takes."""
    module, name = _KINDS[session.network.spec.medium]
    return cast(Items, getattr(import_module(module), name)(session))


def items_like_source(session: Session) -> Rows:
    """Return items like those of the source, by which it is told what is left of it; none of them trains the run."""
    module, _ = _KINDS[session.network.spec.medium]
    return cast(Rows, import_module(module).like_source(session))

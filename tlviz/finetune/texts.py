"""The texts of a run as its network takes them: batches of like length, filled up to their longest."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import torch
from torch import Tensor

from tlviz.data.images import decode_target, open_target
from tlviz.data.texts.rows import TokenRows
from tlviz.data.texts.source import TextForm
from tlviz.data.training.splits import Indices
from tlviz.data.training.to_device import to_device
from tlviz.finetune.cache import RowStore, Store
from tlviz.finetune.ragged_store import RaggedStore
from tlviz.finetune.source_pictures import PICTURES
from tlviz.models.media import side_of

if TYPE_CHECKING:
    from tlviz.finetune.session import Session

SOURCE = "definitions"
"""The bundled texts that stand for the source."""
WINDOW = 16
"""Batches are sorted by length within this many of the shuffled order: they stay mixed from epoch to epoch."""


class Texts:
    """The texts of a session as token numbers (n, L) on its device; they come in one view only."""

    def __init__(self, session: Session) -> None:
        rows = session.images.rows
        assert isinstance(rows, TokenRows)  # noqa: S101 (a target of texts is decoded so)
        self._rows, self._spec, self._device = rows, session.network.spec, session.device
        self._labels = torch.from_numpy(session.images.labels).to(session.device)
        self._batch = session.config.batch_size * session.config.accumulate

    def labels(self, indices: Indices) -> Tensor:
        """Return labels (n,) on the device."""
        return self._labels[to_device(torch.from_numpy(indices), self._device)]

    def plain(self, indices: Indices) -> Tensor:
        """Return texts as they are, filled up to the longest of them."""
        return side_of(self._spec).make_inputs(self._rows[indices], self._spec, self._device)

    def varied(self, indices: Indices, generator: torch.Generator) -> Tensor:  # noqa: ARG002
        """Return texts as they are: they are not augmented."""
        return self.plain(indices)

    def view(self, indices: Indices, number: int) -> Tensor:  # noqa: ARG002
        """Return texts as they are: they are not augmented."""
        return self.plain(indices)

    def batches(self, order: Indices, count: int, generator: torch.Generator) -> list[Indices]:
        """Cut a shuffled order into batches of like length, in an order of their own."""
        sizes = [len(part) for part in np.array_split(order, count)]
        windows = [order[at : at + WINDOW * self._batch] for at in range(0, len(order), WINDOW * self._batch)]
        alike = np.concatenate([window[self.by_cost(window)] for window in windows])
        parts = np.split(alike, np.cumsum(sizes)[:-1])
        return [parts[at] for at in torch.randperm(count, generator=generator).tolist()]

    def by_cost(self, indices: Indices) -> Indices:
        """Return the positions (n,) of indices by length, then by number."""
        return np.lexsort((indices, self._rows.lengths[indices]))

    def room(self, indices: Indices, sample: Tensor) -> int:
        """Return how many tokens cross a stage end: one for each text where they are pooled already."""
        return len(indices) if sample.shape[1] == 1 else int(self._rows.lengths[indices].sum())

    def store(
        self, rows: int, tall: int, sample: Tensor, *, in_memory: bool, device: torch.device | None = None
    ) -> Store:
        """Return room for ``rows`` texts of ``tall`` tokens, or of one pooled vector each."""
        if sample.shape[1] == 1:
            return RowStore(rows, sample, in_memory=in_memory, device=device)
        return RaggedStore(rows, tall, sample, in_memory=in_memory, device=device)


def like_source(session: Session) -> TokenRows:
    """Return bundled definitions, evenly taken, none of which trains the run."""
    form = session.config.geometry
    assert isinstance(form, TextForm)  # noqa: S101 (an encoder takes no other)
    rows = decode_target(SOURCE, open_target(SOURCE), form).rows
    assert isinstance(rows, TokenRows)  # noqa: S101
    own = session.images.rows
    trained = {own[int(at)].tobytes() for at in session.split.train} if isinstance(own, TokenRows) else set()
    free = np.array([at for at in range(len(rows)) if rows[at].tobytes() not in trained], dtype=np.int64)
    if not len(free):
        return rows.take(free)
    return rows.take(free[np.linspace(0, len(free) - 1, min(PICTURES, len(free))).round().astype(np.int64)])

"""Room for what encoders give: hidden states of texts of different lengths, each only as long as it is."""

from __future__ import annotations

import numpy as np
import torch
from torch import Tensor

from tlviz.data.training.splits import Indices
from tlviz.data.training.to_device import to_device
from tlviz.finetune.cache import mapped


class RaggedStore:
    """Room for ``rows`` texts of ``tall`` tokens in all, of vectors like those of ``sample`` (1, L, D + 1).

    The last channel is the mask: only tokens that are there are kept, and what is taken is filled up with zeros.
    """

    def __init__(
        self, rows: int, tall: int, sample: Tensor, *, in_memory: bool, device: torch.device | None = None
    ) -> None:
        shape = (tall, sample.shape[-1])
        if in_memory:
            self._tokens = torch.empty(shape, dtype=sample.dtype, device=device or sample.device)
        else:
            self._tokens = mapped(shape, sample.dtype)
        self._starts = np.zeros(rows, dtype=np.int64)
        self._lengths = np.zeros(rows, dtype=np.int64)
        self._used = 0
        self._device = sample.device

    def put(self, slots: Indices, values: Tensor) -> None:
        """Keep hidden states with their mask (n, L, D + 1) in the rows ``slots`` (n,)."""
        mask = values[..., -1] > 0
        lengths = mask.sum(1).cpu().numpy()
        ends = self._used + np.cumsum(lengths)
        self._starts[slots], self._lengths[slots] = ends - lengths, lengths
        self._tokens[self._used : int(ends[-1])] = values[mask].to(self._tokens.device)
        self._used = int(ends[-1])

    def take(self, slots: Indices) -> Tensor:
        """Return hidden states with their mask (n, L, D + 1) of the rows ``slots`` (n,), L that of the longest."""
        starts, lengths = self._starts[slots], self._lengths[slots]
        places = np.arange(int(lengths.max(initial=1)))
        inside = places < lengths[:, None]
        where = torch.from_numpy(np.where(inside, starts[:, None] + places, 0))
        taken = to_device(self._tokens[where.to(self._tokens.device)], self._device)
        taken[to_device(torch.from_numpy(~inside), self._device)] = 0
        return taken

"""Texts as token numbers: rows of different lengths, filled up only where some are taken together."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
from numpy.typing import DTypeLike, NDArray

Ints = NDArray[np.int64]
Numbers = NDArray[np.int32]


class TokenRows:
    """Token numbers of N texts: ``tokens`` of all one after another, row i from ``starts[i]``, ``lengths[i]`` long.

    Indexed with one row it gives its numbers (L,), with several an array (n, L) filled up with ``pad`` to the longest.
    """

    def __init__(self, tokens: Numbers, starts: Ints, lengths: Ints, pad: int) -> None:
        self._tokens, self._starts, self.lengths, self.pad = tokens, starts, lengths, pad
        self.shape: tuple[int, ...] = (len(lengths), int(lengths.max(initial=1)))
        self.ndim = 2
        self.dtype = tokens.dtype

    @classmethod
    def of(cls, texts: Sequence[Sequence[int]], pad: int) -> TokenRows:
        """Pack the numbers of texts."""
        lengths = np.array([len(text) for text in texts], dtype=np.int64)
        starts = np.concatenate([[0], np.cumsum(lengths)[:-1]]).astype(np.int64) if len(texts) else lengths
        tokens = np.fromiter((number for text in texts for number in text), np.int32, int(lengths.sum()))
        return cls(tokens, starts, lengths, pad)

    def __len__(self) -> int:
        return len(self.lengths)

    def __getitem__(self, key: Any) -> Numbers:
        if isinstance(key, int | np.integer):
            start = self._starts[key]
            return self._tokens[start : start + self.lengths[key]]
        starts, lengths = self._starts[key], self.lengths[key]
        places = np.arange(int(lengths.max(initial=1)))
        inside = places < lengths[:, None]
        where = np.minimum(starts[:, None] + places, max(0, len(self._tokens) - 1))
        return (
            np.where(inside, self._tokens[where], np.int32(self.pad)) if len(self._tokens) else where.astype(np.int32)
        )

    def take(self, rows: Any) -> TokenRows:
        """Return some rows as such again; nothing is copied."""
        return TokenRows(self._tokens, self._starts[rows], self.lengths[rows], self.pad)

    def __array__(self, dtype: DTypeLike | None = None, copy: bool | None = None) -> NDArray[Any]:
        """Return all rows, filled up to the longest."""
        return np.asarray(self[:], dtype=dtype)

"""Some rows of a decoded target, read from the memory map only when they are asked for."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import DTypeLike, NDArray

from tlviz.data.pixels.pictures import Pixels


class PixelRows:
    """A read-only view of the chosen rows of an array (N, S, S, 3); indexing it gives an array in memory."""

    def __init__(self, pixels: Pixels | PixelRows, rows: NDArray[np.int64]) -> None:
        self._pixels = pixels
        self._rows = rows
        self.shape: tuple[int, ...] = (len(rows), *pixels.shape[1:])
        self.dtype: np.dtype[np.uint8] = pixels.dtype
        self.ndim: int = pixels.ndim

    def __len__(self) -> int:
        return len(self._rows)

    def __getitem__(self, key: Any) -> Any:
        """Index as an array is: the first index chooses among the rows, further ones within the pictures."""
        first, *inner = key if isinstance(key, tuple) else (key,)
        if first is Ellipsis:
            return self._pixels[self._rows][(Ellipsis, *inner)]
        picked = self._pixels[self._rows[first]]
        if not inner:
            return picked
        return picked[tuple(inner)] if np.ndim(self._rows[first]) == 0 else picked[(slice(None), *inner)]

    def __array__(self, dtype: DTypeLike | None = None, copy: bool | None = None) -> NDArray[Any]:
        """Read all rows into memory."""
        return np.asarray(self._pixels[self._rows], dtype=dtype)

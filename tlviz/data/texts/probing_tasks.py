"""Three questions about a target's own sentences: of their surface, their grammar and their meaning.

After Conneau et al. 2018 (https://arxiv.org/abs/1805.01070): SentLen, in thirds, and BShift; the meaning is the label.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

Ints = NDArray[np.int64]
FEWEST_WORDS = 4
"""Shorter sentences are not swapped: too little would be left in order."""
THIRDS = 3


def length_thirds(texts: Sequence[str]) -> Ints:
    """Return for each text (N,) whether it is among the shortest third by words, the middle or the longest.

    Texts of one length are together; thirds are as equal as that allows.
    """
    lengths = np.array([len(text.split()) for text in texts])
    cuts = np.quantile(lengths, [1 / THIRDS, 2 / THIRDS], method="nearest")
    thirds = np.searchsorted(np.unique(cuts), lengths, side="left")
    return np.unique(thirds, return_inverse=True)[1].astype(np.int64)


def swap_neighbours(text: str, generator: np.random.Generator) -> str | None:
    """Return a text with two neighbouring words swapped, None where it is too short or all neighbours are alike."""
    words = text.split()
    if len(words) < FEWEST_WORDS:
        return None
    places = [at for at in range(len(words) - 1) if words[at].casefold() != words[at + 1].casefold()]
    if not places:
        return None
    at = int(generator.choice(places))
    words[at], words[at + 1] = words[at + 1], words[at]
    return " ".join(words)


def swapped(texts: Sequence[str], seed: int) -> tuple[Ints, list[str]]:
    """Return which texts could be swapped, as rows, and what they became."""
    generator = np.random.default_rng(seed)
    found = [
        (at, changed) for at, text in enumerate(texts) if (changed := swap_neighbours(text, generator)) is not None
    ]
    return np.array([at for at, _ in found], dtype=np.int64), [changed for _, changed in found]

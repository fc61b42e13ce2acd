"""Which texts are copies of one another, exactly or nearly."""

from __future__ import annotations

import re
from collections import Counter, defaultdict
from collections.abc import Hashable, Iterable, Sequence
from itertools import islice
from math import ceil

import numpy as np
from numpy.typing import NDArray

Ints = NDArray[np.int64]
NEAR = 0.8
"""Share of common words (Jaccard) from which two texts are near-copies; sentences of one author reach 0.5."""
FEWEST = 4
"""Texts of fewer different words are copies only where they are equal: "good film" is not "bad film"."""
MOST_PAIRS = 4_000_000
"""Pairs that are compared at most, which takes some seconds; only made-up texts of few words need more."""
_CROWD = 400
"""Of words that more texts share as one of their rarest, only neighbours by length are compared."""
_WORD = re.compile(r"\w+|[^\w\s]")


def words_in(text: str) -> tuple[str, ...]:
    """Return the words of a text without case and punctuation, or its signs where it has none."""
    words = tuple(word for word in _WORD.findall(text.casefold()) if word[0].isalnum() or word[0] == "_")
    return words or tuple(text.split())


def group_copies(texts: Sequence[Sequence[Hashable]]) -> Ints:
    """Return a group number for each text (N,), given as its words: the same for copies, exact or near, by turns.

    Candidates are found by prefix filtering (Chaudhuri, Ganti and Kaushik 2006): two sets that share 0.8 of their words
    share one of each set's rarest.
    """
    parents = list(range(len(texts)))

    def root(at: int) -> int:
        while parents[at] != at:
            parents[at] = parents[parents[at]]
            at = parents[at]
        return at

    def join(first: int, second: int) -> None:
        one, two = sorted((root(first), root(second)))
        parents[two] = one

    first_of: dict[tuple[Hashable, ...], int] = {}
    for at, words in enumerate(texts):
        join(first_of.setdefault(tuple(words), at), at)
    single = sorted(first_of.values())
    sets = {at: frozenset(texts[at]) for at in single}
    counts = Counter(word for at in single for word in sets[at])
    likely = _candidates([at for at in single if len(sets[at]) >= FEWEST], sets, counts)
    for near in islice(likely, MOST_PAIRS):
        if root(near[0]) != root(near[1]) and is_near(sets[near[0]], sets[near[1]]):
            join(*near)
    return np.array([root(at) for at in range(len(texts))], dtype=np.int64)


def is_near(first: frozenset[Hashable], second: frozenset[Hashable]) -> bool:
    """Return whether two sets of words share 0.8 of all."""
    return len(first & second) >= NEAR * len(first | second)


def _candidates(
    rows: Sequence[int], sets: dict[int, frozenset[Hashable]], counts: Counter[Hashable]
) -> Iterable[tuple[int, int]]:
    buckets: dict[Hashable, list[int]] = defaultdict(list)
    for at in sorted(rows, key=lambda row: len(sets[row])):
        words = sorted(sets[at], key=lambda word: (counts[word], str(word)))
        for word in words[: len(words) - ceil(NEAR * len(words)) + 1]:
            buckets[word].append(at)
    for members in buckets.values():
        for place, at in enumerate(members):
            for other in members[place + 1 : place + 1 + _CROWD]:
                if len(sets[at]) < NEAR * len(sets[other]):
                    break
                yield at, other

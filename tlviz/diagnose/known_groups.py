"""Which pictures of a sample know one another: a probe that leaves one out must leave them all out."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from tlviz.data.doctor.duplicates import find_groups
from tlviz.data.doctor.inspect_file import decoded_facts
from tlviz.data.images import Rows
from tlviz.data.sources.groups import joined
from tlviz.data.texts.duplicates import group_copies
from tlviz.data.texts.rows import TokenRows
from tlviz.medium import WORDS, Medium

Ints = NDArray[np.int64]


def known_groups(items: Rows, declared: Sequence[str]) -> tuple[Ints, tuple[str, ...]]:
    """Return a group number for each decoded picture, uint8 (n, S, S, 3), or text, and what to say of the groups.

    Copies, exact or nearly, share a group, and so do pictures of which the target declares the same ('' is none).
    """
    alike = _copies(items)
    copies = len(alike) - len(np.unique(alike))
    together = joined([str(group) for group in alike], declared)
    groups = np.unique(together, return_inverse=True)[1].astype(np.int64)
    named = set(declared) - {""}
    notes = []
    if copies:
        words = WORDS[Medium.TEXTS if isinstance(items, TokenRows) else Medium.PICTURES]
        what = f"One {words.one} is a copy" if copies == 1 else f"{copies:,} {words.several} are copies"
        notes.append(f"{what} of others; the probes leave a {words.one} out together with its copies.")
    if named:
        notes.append(f"The probes leave the {len(named):,} groups of the target out whole.")
    return groups, tuple(notes)


def _copies(items: Rows) -> Ints:
    if isinstance(items, TokenRows):
        return group_copies([items[at].tolist() for at in range(len(items))])
    return find_groups([decoded_facts(picture) for picture in np.asarray(items)], transformed=False)

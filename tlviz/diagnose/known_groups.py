"""Which pictures of a sample know one another: a probe that leaves one out must leave them all out."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from tlviz.data.doctor.duplicates import find_groups
from tlviz.data.doctor.inspect_file import decoded_facts
from tlviz.data.pixels.pictures import Pixels
from tlviz.data.sources.groups import joined

Ints = NDArray[np.int64]


def known_groups(pixels: Pixels, declared: Sequence[str]) -> tuple[Ints, tuple[str, ...]]:
    """Return a group number for each decoded picture, uint8 (n, S, S, 3), and what to say of the groups.

    Copies, exact or nearly, share a group, and so do pictures of which the target declares the same ('' is none).
    """
    alike = find_groups([decoded_facts(picture) for picture in pixels], transformed=False)
    copies = len(alike) - len(np.unique(alike))
    together = joined([str(group) for group in alike], declared)
    groups = np.unique(together, return_inverse=True)[1].astype(np.int64)
    named = set(declared) - {""}
    notes = []
    if copies:
        what = "One picture is a copy" if copies == 1 else f"{copies:,} pictures are copies"
        notes.append(f"{what} of others; the probes leave a picture out together with its copies.")
    if named:
        notes.append(f"The probes leave the {len(named):,} groups of the target out whole.")
    return groups, tuple(notes)

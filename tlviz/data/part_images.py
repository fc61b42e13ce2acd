"""The one place that parts a target into training, validation and test: jobs, pages and exports agree by it."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from tlviz.data.doctor.findings import number_groups
from tlviz.data.images import ImageSet
from tlviz.data.sources.groups import joined
from tlviz.data.training.splits import Split, SplitPlan, split_images


def part_images(images: ImageSet, copies: Sequence[Sequence[str]], seed: int, plan: SplitPlan) -> Split:
    """Part a target by a run's seed and plan; its groups stay whole, and copies of one picture stay together.

    ``copies`` are the names of pictures of the same content, group by group.  Raises what ``split_images`` raises.
    """
    if images.groups:
        groups = _joined(images, copies)
        return split_images(images.labels, images.parts, seed, plan, groups, mixed=True)
    numbers = number_groups(copies, images.names) if copies else None
    return split_images(images.labels, images.parts, seed, plan, numbers)


def _joined(images: ImageSet, copies: Sequence[Sequence[str]]) -> NDArray[np.int64]:
    """Return a number for each image (N,): the same for those of one group, of one content, or of both by turns."""
    copy_of = {name: str(number) for number, group in enumerate(copies) for name in group}
    keys = joined(images.groups, [copy_of.get(name, "") for name in images.names])
    number: dict[str, int] = {}
    return np.array(
        [number.setdefault(f"={key}" if key else str(at), len(number)) for at, key in enumerate(keys)], np.int64
    )

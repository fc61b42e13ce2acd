"""Where the images of a target lie, as one stage sees them: the classes lie apart, or not yet."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from tlviz.diagnose.records import Profile
from tlviz.measures.procrustes import Places, standardised, turn_to

MOST_POINTS = 400
Frame = tuple[tuple[float, float], tuple[float, float]]


def shown_images(labels: Sequence[int], most: int = MOST_POINTS) -> NDArray[np.int64]:
    """Return at most N images, the same share of each class: sorted indices (n,)."""
    order = np.argsort(np.asarray(labels), kind="stable")
    if len(order) <= most:
        return np.sort(order)
    return np.sort(order[np.linspace(0, len(order) - 1, most).round().astype(np.int64)])


def aligned_places(profile: Profile) -> dict[str, Places]:
    """Return every stage's positions of all images (n, 2), each turned to fit the stage before it, on one scale."""
    found: dict[str, Places] = {}
    before: Places | None = None
    for stage in profile.stages:
        places = standardised(np.asarray(stage.places, dtype=np.float64).reshape(-1, 2))
        before = places if before is None else turn_to(places, before)
        found[stage.name] = before
    return found


def frame_of(places: dict[str, Places]) -> Frame:
    """Return the ranges (low, high) of both axes that hold nearly all points of all stages; a far one is outside."""
    everything = np.concatenate(list(places.values()))
    low, high = np.quantile(everything, [0.01, 0.99], axis=0)
    room = np.maximum(0.08 * (high - low), 1e-6)
    (left, bottom), (right, top) = (low - room).tolist(), (high + room).tolist()
    return (left, right), (bottom, top)


def on_axes(places: Places, frame: Frame) -> Places:
    """Return positions (n, 2) from -1 to 1 on both axes of a frame; what lies outside stands at its edge."""
    low, high = np.array(frame, dtype=np.float64).T
    spread: Places = np.clip((2 * places - low - high) / (high - low), -1.0, 1.0)
    return spread

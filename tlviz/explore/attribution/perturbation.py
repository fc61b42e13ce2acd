"""Maps from covering parts of the picture and seeing how far the score falls."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any

import torch
from torch import Tensor

from tlviz import vision
from tlviz.explore.attribution.context import AttributionContext, RawMap, halving, laid_over
from tlviz.explore.attribution.growing import coarse_first, filled_grid, growing_batches, spread
from tlviz.explore.attribution.methods import SEGMENTS
from tlviz.explore.attribution.superpixels import superpixels

PLACES = 13
"""Positions of occlusion's window along a side."""
Falls = dict[int, float]
"""How far the score falls where a part, by its number, is covered."""


def occlusion(scene: AttributionContext) -> RawMap:
    """Return the fall of the score, averaged over the windows that cover each pixel (Zeiler & Fergus 2014).

    The window is a seventh of the side and moves by half of itself.  A coarse grid comes first, then what is between.
    """
    stride = max(1, round(scene.side / (PLACES + 1)))
    window = min(scene.side, 2 * stride)
    places = -(-(scene.side - window) // stride) + 1
    blank = scene.blank()

    def cover(picture: Tensor, at: int) -> None:
        left, top = (stride * place for place in divmod(at, places))  # as captum counts its windows
        spot = (..., slice(top, top + window), slice(left, left + window))
        picture[spot] = blank[0][spot]

    def work(batch: int) -> Tensor:
        scene.ticker.plan(places**2 + 1)
        whole = scene.score(scene.inputs)
        scores = _covered_scores(
            scene, whole, batch, coarse_first(places), cover,
            lambda falls: laid_over(filled_grid(places, falls).T, scene.side),
        )  # fmt: skip
        return _added_up(
            vision.captum().Occlusion(_Answers(whole, scores)), scene, batch,
            sliding_window_shapes=(3, window, window), strides=(3, stride, stride),
        )  # fmt: skip

    with torch.no_grad():
        found = halving(scene, work)
    # captum gives each of the three colours the whole fall
    return RawMap(found.mean(1)[0].float(), note=f"A window of {window} x {window} pixels, moved by {stride}.")


def feature_ablation(scene: AttributionContext) -> RawMap:
    """Return the fall of the score when each superpixel is replaced by the baseline, the same for all its pixels."""
    labels = torch.from_numpy(superpixels(scene.pixels, SEGMENTS)).to(scene.inputs.device)
    count = int(labels.max()) + 1
    blank = scene.blank()

    def cover(picture: Tensor, at: int) -> None:
        patch = labels == at
        picture[:, patch] = blank[0][:, patch]

    def draw(falls: Falls) -> Tensor:
        table = torch.zeros(count, device=labels.device)
        table[list(falls)] = torch.tensor(list(falls.values()), device=labels.device)
        return table[labels]

    def work(batch: int) -> Tensor:
        scene.ticker.plan(count + 1)
        whole = scene.score(scene.inputs)
        scores = _covered_scores(scene, whole, batch, spread(count), cover, draw)
        answers = vision.captum().FeatureAblation(_Answers(whole, scores))
        return _added_up(answers, scene, batch, feature_mask=labels[None, None])

    with torch.no_grad():
        found = halving(scene, work)
    return RawMap(found.mean(1)[0].float(), note=f"{count} patches of similar colour.")


def _covered_scores(
    scene: AttributionContext,
    whole: Tensor,
    batch: int,
    order: list[int],
    cover: Callable[[Tensor, int], None],
    draw: Callable[[Falls], Tensor],
) -> Tensor:
    """Return the scores (N,) of the picture with each part covered, computed in an order; the map grows meanwhile."""
    scores, falls = torch.empty(len(order), dtype=whole.dtype, device=whole.device), Falls()
    for places in growing_batches(order, batch):
        pictures = scene.inputs.repeat(len(places), 1, 1, 1).contiguous(memory_format=_layout(scene.inputs))
        for picture, at in zip(pictures, places, strict=True):
            cover(picture, at)
        scores[places] = found = scene.score(pictures)
        falls.update(zip(places, (whole - found).tolist(), strict=True))
        scene.show(lambda: draw(falls))
    return scores


def _layout(inputs: Tensor) -> torch.memory_format:
    is_last = inputs.is_contiguous(memory_format=torch.channels_last)
    return torch.channels_last if is_last else torch.contiguous_format


class _Answers:
    """A score as captum asks for it, first of the whole picture, then with each part covered, known beforehand."""

    def __init__(self, whole: Tensor, scores: Tensor) -> None:
        self._known: Iterator[Tensor] = iter((*whole, *scores))

    def __call__(self, pictures: Tensor) -> Tensor:
        return torch.stack([next(self._known) for _ in range(len(pictures))])


def _added_up(method: Any, scene: AttributionContext, batch: int, **parts: Any) -> Tensor:
    found: Tensor = method.attribute(scene.inputs, baselines=scene.blank(), perturbations_per_eval=batch, **parts)
    return found

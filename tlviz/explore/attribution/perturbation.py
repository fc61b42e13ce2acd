"""Maps from covering parts of the picture and seeing how far the score falls."""

from __future__ import annotations

from collections.abc import Callable

import torch
from torch import Tensor

from tlviz import vision
from tlviz.explore.attribution.context import AttributionContext, RawMap, halving, laid_over
from tlviz.explore.attribution.growing import coarse_grid, filled_grid
from tlviz.explore.attribution.methods import SEGMENTS
from tlviz.explore.attribution.superpixels import superpixels

PLACES = 13
"""Positions of occlusion's window along a side."""
Falls = dict[int, float]
"""How far the score falls where a part, by its number, is covered."""


def occlusion(scene: AttributionContext) -> RawMap:
    """Return the fall of the score, averaged over the windows that cover each pixel (Zeiler & Fergus 2014).

    The window is a seventh of the side and moves by half of itself.  Who waits sees a coarse grid of them first.
    """
    stride = max(1, round(scene.side / (PLACES + 1)))
    window = min(scene.side, 2 * stride)
    places = -(-(scene.side - window) // stride) + 1
    coarse = coarse_grid(places) if scene.sketch else []

    def draw(falls: Falls) -> Tensor:
        return laid_over(filled_grid(places, falls).T, scene.side)  # captum goes down the columns

    def work(batch: int) -> Tensor:
        scene.ticker.plan(places**2 + 1 + len(coarse) + bool(coarse))
        watched = _Watched(scene, draw)
        if coarse:
            watched.look(_covered(scene, coarse, places, stride, window), coarse, batch)
        found: Tensor = (
            vision.captum()
            .Occlusion(watched)
            .attribute(
                scene.inputs,
                sliding_window_shapes=(3, window, window),
                strides=(3, stride, stride),
                baselines=scene.blank(),
                perturbations_per_eval=batch,
            )
        )
        return found

    with torch.no_grad():
        found = halving(scene, work)
    # captum gives each of the three colours the whole fall
    return RawMap(found.mean(1)[0].float(), note=f"A window of {window} x {window} pixels, moved by {stride}.")


def feature_ablation(scene: AttributionContext) -> RawMap:
    """Return the fall of the score when each superpixel is replaced by the baseline, the same for all its pixels."""
    labels = torch.from_numpy(superpixels(scene.pixels, SEGMENTS)).to(scene.inputs.device)
    count = int(labels.max()) + 1

    def draw(falls: Falls) -> Tensor:
        table = torch.zeros(count)
        table[list(falls)] = torch.tensor(list(falls.values()))
        return table[labels.cpu()]

    def work(batch: int) -> Tensor:
        scene.ticker.plan(count + 1)
        found: Tensor = (
            vision.captum()
            .FeatureAblation(_Watched(scene, draw))
            .attribute(
                scene.inputs, baselines=scene.blank(), feature_mask=labels[None, None], perturbations_per_eval=batch
            )
        )
        return found

    with torch.no_grad():
        found = halving(scene, work)
    return RawMap(found.mean(1)[0].float(), note=f"{count} patches of similar colour.")


def _covered(scene: AttributionContext, chosen: list[int], places: int, stride: int, window: int) -> Tensor:
    """Return the picture with each of some windows covered (n, 3, S, S)."""
    pictures, blank = scene.inputs.repeat(len(chosen), 1, 1, 1), scene.blank()[0]
    for picture, at in zip(pictures, chosen, strict=True):
        left, top = (stride * place for place in divmod(at, places))
        spot = (..., slice(top, top + window), slice(left, left + window))
        picture[spot] = blank[spot]
    return pictures


class _Watched:
    """A score as captum asks for it, first of the whole picture, then with each part covered; the map grows."""

    def __init__(self, scene: AttributionContext, draw: Callable[[Falls], Tensor]) -> None:
        self._scene, self._draw = scene, draw
        self._whole: float | None = None
        self._done = 0
        self._falls: Falls = {}

    def look(self, pictures: Tensor, chosen: list[int], batch: int) -> None:
        """Look at a few parts first."""
        whole = float(self._scene.score(self._scene.inputs))
        scores = torch.cat([self._scene.score(part) for part in torch.split(pictures, batch)])
        self._falls.update(zip(chosen, (whole - scores).tolist(), strict=True))
        self._scene.show(lambda: self._draw(self._falls))

    def __call__(self, pictures: Tensor) -> Tensor:
        scores: Tensor = self._scene.score(pictures)
        if self._scene.sketch and self._whole is not None:
            falls = (self._whole - scores).tolist()
            self._falls.update(enumerate(falls, self._done))
            self._done += len(falls)
            self._scene.show(lambda: self._draw(self._falls))
        self._whole = float(scores[0]) if self._whole is None else self._whole
        return scores

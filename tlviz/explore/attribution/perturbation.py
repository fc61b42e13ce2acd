"""Maps from covering parts of the picture and seeing how far the score falls."""

from __future__ import annotations

import torch
from torch import Tensor

from tlviz import vision
from tlviz.explore.attribution.context import AttributionContext, RawMap, halving
from tlviz.explore.attribution.methods import SEGMENTS
from tlviz.explore.attribution.superpixels import superpixels

PLACES = 13
"""Positions of occlusion's window along a side."""


def occlusion(scene: AttributionContext) -> RawMap:
    """Return the fall of the score, averaged over the windows that cover each pixel (Zeiler & Fergus 2014).

    The window is a seventh of the side and moves by half of itself.
    """
    stride = max(1, round(scene.side / (PLACES + 1)))
    window = min(scene.side, 2 * stride)
    method = vision.captum().Occlusion(scene.score)
    places = -(-(scene.side - window) // stride) + 1

    def work(batch: int) -> Tensor:
        scene.ticker.plan(places**2 + 1)
        found: Tensor = method.attribute(
            scene.inputs,
            sliding_window_shapes=(3, window, window),
            strides=(3, stride, stride),
            baselines=scene.blank(),
            perturbations_per_eval=batch,
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
    method = vision.captum().FeatureAblation(scene.score)

    def work(batch: int) -> Tensor:
        scene.ticker.plan(count + 1)
        found: Tensor = method.attribute(
            scene.inputs, baselines=scene.blank(), feature_mask=labels[None, None], perturbations_per_eval=batch
        )
        return found

    with torch.no_grad():
        found = halving(scene, work)
    return RawMap(found.mean(1)[0].float(), note=f"{count} patches of similar colour.")

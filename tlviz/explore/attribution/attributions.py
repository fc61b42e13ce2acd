"""Which parts of a picture an answer rests on: one map by a method of choice, or one at every stage."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from importlib import import_module

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from tlviz.data.pixels.pictures import Pixels
from tlviz.errors import TlvizError
from tlviz.explore.attribution import gradient_maps
from tlviz.explore.attribution.activations import find_map_stage
from tlviz.explore.attribution.applicability import why_not
from tlviz.explore.attribution.context import AttributionContext, Progress, RawMap, Sketch, Ticker, open_scene, prepared
from tlviz.explore.attribution.grad_cam import grad_cams
from tlviz.explore.attribution.methods import METHODS, USUAL_BASELINE, Baseline, Method
from tlviz.explore.attribution.rollout import roll_out
from tlviz.models.load import Network

Map = NDArray[np.float32]


@dataclass(frozen=True, slots=True)
class Attribution:
    """A map of a picture: above zero speaks for the class, below against it.

    ``map``: float32 (S, S) in picture coordinates, summed over colours or channels.  ``stage_map``: float32 (h, w) at
    the stage's own resolution, for Grad-CAM before its ReLU; None where the method works on pixels.  ``target``: class
    number; ``score``: its logit, or how far that is above the logit of ``contrast``.  ``gap``: how far the map's sum
    misses what the method promises, as a share of it; None where it promises nothing.  ``note``: a remark or "".
    """

    method: Method
    stage: str | None
    target: int
    contrast: int | None
    map: Map
    stage_map: Map | None
    score: float
    gap: float | None
    note: str


def attribute(
    network: Network,
    pixels: Pixels,
    method: Method,
    *,
    target: int | None = None,
    contrast: int | None = None,
    stage: str | None = None,
    baseline: Baseline = USUAL_BASELINE,
    seed: int = 0,
    progress: Progress | None = None,
    sketch: Sketch | None = None,
) -> Attribution:
    """Explain a network's answer to a picture, uint8 (S, S, 3), for a class (None: its best guess).

    ``contrast`` asks what speaks for the one class and not the other.  ``stage`` is where a method that works at a
    stage looks (None: the last of the backbone).  ``progress`` gets pictures done and in all before each internal
    batch and may raise to cancel; ``sketch`` gets the map so far of methods that work in steps, and may too.  The
    network's lock is held, its modes and hooks are restored.  Raises
    ``BadSettingError`` for a class that is not there, ``UnknownNameError`` for such a stage, ``TlvizError`` where the
    method does not apply, memory runs out, or the network answers with no numbers.
    """
    check_applies(network, method)
    name = find_map_stage(network, stage).name if METHODS[method].at_stage else None
    if method in (Method.GRAD_CAM, Method.TOKEN_GRAD_CAM) and name is not None:
        return _class_maps(network, pixels, method, target, contrast, (name,), progress)[name]
    with prepared(network):
        scene = open_scene(
            network,
            pixels,
            target=target,
            contrast=contrast,
            seed=seed,
            baseline=baseline,
            progress=progress,
            sketch=sketch,
        )
        drawing = _stage_drawing(scene, method, name) if name is not None else _of_picture(scene, method)
    return _finished(scene, method, name, drawing)


def sweep(
    network: Network,
    pixels: Pixels,
    method: Method,
    *,
    target: int | None = None,
    contrast: int | None = None,
    baseline: Baseline = USUAL_BASELINE,
    seed: int = 0,
    progress: Progress | None = None,
) -> dict[str, Attribution]:
    """Explain an answer by one method at every backbone stage: {stage name: map}, from one set of passes for all.

    Grad-CAM, over maps or tokens: one pass forward and one back.  Gradient methods: their version for a layer at each
    stage's output (see ``layer_maps``), with the completeness gap of those that promise to add up.  Guided Grad-CAM:
    Guided Backprop's lines times each stage's Grad-CAM.  Attention rollout: up to each stage that has tokens.  Raises
    as ``attribute``, and ``TlvizError`` for a method without a version for stages.
    """
    if not METHODS[method].sweeps:
        raise TlvizError(
            f"{METHODS[method].title} works on the whole picture only; choose Grad-CAM to see every stage."
        )
    check_applies(network, method)
    find_map_stage(network, None)
    if method in (Method.GRAD_CAM, Method.TOKEN_GRAD_CAM):
        return _class_maps(network, pixels, method, target, contrast, None, progress)
    with prepared(network):
        scene = open_scene(
            network, pixels, target=target, contrast=contrast, seed=seed, baseline=baseline, progress=progress
        )
        drawings = _sweep_drawings(scene, method)
    return {name: _finished(scene, method, name, drawing) for name, drawing in drawings.items()}


def check_applies(network: Network, method: Method) -> None:
    """Raise ``TlvizError`` with the reason and the nearest method where a method cannot be used on a network."""
    reason = why_not(network, method)
    if reason is not None:
        raise TlvizError(f"{reason.reason} The nearest method that works here is {METHODS[reason.nearest].title}.")


def _class_maps(
    network: Network,
    pixels: Pixels,
    method: Method,
    target: int | None,
    contrast: int | None,
    stages: tuple[str, ...] | None,
    progress: Progress | None,
) -> dict[str, Attribution]:
    with prepared(network):
        score, value, drawings = grad_cams(
            network, pixels, target=target, contrast=contrast, stages=stages, ticker=Ticker(progress)
        )
    return {
        name: _attribution(method, name, score.target, contrast, value, drawing) for name, drawing in drawings.items()
    }


def _sweep_drawings(scene: AttributionContext, method: Method) -> dict[str, RawMap]:
    if method is Method.ATTENTION_ROLLOUT:
        return roll_out(scene)
    if method is Method.GUIDED_GRAD_CAM:
        return _guided_cams(scene, None)
    return gradient_maps.stage_drawings(scene, method)


def _stage_drawing(scene: AttributionContext, method: Method, stage: str) -> RawMap:
    if method is Method.GUIDED_GRAD_CAM:
        return _guided_cams(scene, (stage,))[stage]
    found = roll_out(scene)
    if stage not in found:
        raise TlvizError(f"The stage {stage} has no tokens to roll out; choose one of: {', '.join(found)}.")
    return found[stage]


def _guided_cams(scene: AttributionContext, stages: tuple[str, ...] | None) -> dict[str, RawMap]:
    """Return Guided Backprop times Grad-CAM at the stages (Selvaraju et al. 2017)."""
    guided = gradient_maps.guided_backprop(scene).map
    score = scene.score
    _, _, cams = grad_cams(
        scene.network, scene.pixels, target=score.target, contrast=score.contrast, stages=stages, ticker=scene.ticker
    )
    return {name: RawMap(guided * cam.map, cam.stage_map, note=cam.note) for name, cam in cams.items()}


def _of_picture(scene: AttributionContext, method: Method) -> RawMap:
    """Compute a method's map of the picture by the function that its row names."""
    module, _, function = METHODS[method].computed_by.partition(".")
    compute: Callable[[AttributionContext], RawMap] = getattr(import_module(f"{__package__}.{module}"), function)
    return compute(scene)


def _finished(scene: AttributionContext, method: Method, stage: str | None, drawing: RawMap) -> Attribution:
    score = scene.score
    return _attribution(method, stage, score.target, score.contrast, scene.value, drawing)


def _attribution(
    method: Method, stage: str | None, target: int, contrast: int | None, value: float, drawing: RawMap
) -> Attribution:
    stage_map = None if drawing.stage_map is None else _array(drawing.stage_map)
    return Attribution(
        method, stage, target, contrast, _array(drawing.map), stage_map, value, drawing.gap, drawing.note
    )


def _array(values: Tensor) -> Map:
    if not bool(torch.isfinite(values).all()):
        raise TlvizError("The map holds values that are not finite; choose another method or another class.")
    return values.detach().float().cpu().numpy().copy()

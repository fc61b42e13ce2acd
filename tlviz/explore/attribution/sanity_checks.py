"""Can this map be trusted?  Measures of one attribution beside chance, and a verdict on each in words."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from tlviz import vision
from tlviz.data.pixels.pictures import Pixels
from tlviz.explore.attribution.attributions import Attribution, attribute
from tlviz.explore.attribution.context import AttributionContext, Progress, blurred, halving, open_scene, prepared
from tlviz.explore.attribution.methods import METHODS, USUAL_BASELINE, Baseline
from tlviz.explore.attribution.randomise import Randomised, randomisation
from tlviz.explore.attribution.verdicts import TrustVerdict, judge_all
from tlviz.measures.faithfulness import (
    ProbabilityCurve,
    chance_maps,
    changed_pictures,
    covering_squares,
    explained_share,
    fractions,
)
from tlviz.models.load import Network

STEPS = 16
"""Steps of the deletion and insertion curves."""
SQUARES = 32
"""Squares that are covered, one at a time, to see whether the map predicts the drop."""
NUDGES = 4
"""Times that all pixels are changed a little to see whether the map is steady."""
NUDGE = 4
"""The largest such change, of 255."""


@dataclass(frozen=True, slots=True)
class Game:
    """Deletion or insertion: the map's curve and those of its misplaced copies."""

    curve: ProbabilityCurve
    chance: tuple[ProbabilityCurve, ...]


@dataclass(frozen=True, slots=True)
class Trust:
    """What was measured of a map; every share is 0 to 1.

    ``gap``: completeness, None where the method promises nothing.  ``infidelity``: Captum's, in squared scores, after
    the best scaling; ``explained`` and ``explained_by_chance``: the share of the drops that the map and its
    misplaced copies explain.  ``sensitivity``: the largest relative change of the map under tiny changes of the picture
    (Captum's).  ``randomised``: alikeness with the original, one entry for each stage from the head down.
    """

    gap: float | None
    infidelity: float
    explained: float
    explained_by_chance: tuple[float, ...]
    sensitivity: float
    deletion: Game
    insertion: Game
    randomised: tuple[Randomised, ...]
    verdicts: tuple[TrustVerdict, ...]


def check_trust(
    network: Network,
    pixels: Pixels,
    attribution: Attribution,
    *,
    baseline: Baseline = USUAL_BASELINE,
    seed: int = 0,
    random_maps: int = 8,
    progress: Progress | None = None,
) -> Trust:
    """Measure how far an attribution of a picture, uint8 (S, S, 3), can be trusted; ``baseline`` is the map's own.

    Random maps are misplaced copies of the map.  ``progress`` gets forward passes done and in all, about, and may
    raise to cancel.  The network is left as it was; it is randomised as a copy.
    """
    steps = _Steps(progress, trust_passes(network, attribution, random_maps))
    chance = chance_maps(attribution.map, random_maps, seed)
    with prepared(network):
        scene = open_scene(
            network,
            pixels,
            target=attribution.target,
            contrast=attribution.contrast,
            seed=seed,
            baseline=Baseline.MEAN,
            progress=None,
        )
        deletion, insertion = _games(scene, [attribution.map, *chance], steps)
        infidelity, sums, drops = _infidelity(scene, attribution.map, steps)
    explained, *by_chance = (explained_share(_covered(values, sums), drops) for values in (attribution.map, *chance))
    sensitivity = _sensitivity(network, pixels, attribution, baseline, steps)
    randomised = randomisation(
        network,
        lambda copy: _again(copy, pixels, attribution, baseline, steps),
        attribution.map,
        seed=seed,
    )
    areas = [(game.curve.area, [curve.area for curve in game.chance]) for game in (deletion, insertion)]
    verdicts = judge_all(attribution.gap, areas[0], areas[1], (explained, by_chance), sensitivity, randomised)
    return Trust(
        attribution.gap, infidelity, explained, tuple(by_chance), sensitivity, deletion, insertion, randomised, verdicts
    )


def trust_passes(network: Network, attribution: Attribution, random_maps: int = 8) -> int:
    """Return about how many forward passes ``check_trust`` costs."""
    again = METHODS[attribution.method].passes * (len(network.stages) + NUDGES + 1)
    return 2 * (STEPS + 1) * (random_maps + 1) + SQUARES + again


class _Steps:
    """Counts passes over all parts of the check."""

    def __init__(self, progress: Progress | None, total: int) -> None:
        self._progress, self.total, self.done = progress, total, 0

    def add(self, count: int) -> None:
        self.done = min(self.done + count, self.total)
        self.look()

    def look(self, *_: int) -> None:
        """Give the caller a chance to cancel."""
        if self._progress:
            self._progress(self.done, self.total)


def _games(scene: AttributionContext, maps: Sequence[NDArray[np.floating]], steps: _Steps) -> tuple[Game, Game]:
    """Delete towards the mean colour and insert into a blurred picture, each by every map; the first is the real."""
    picture, blank, blur = (_array(t) for t in (scene.inputs, scene.blank(), blurred(scene.inputs)))
    curves = []
    for start, end in ((picture, blank), (blur, picture)):
        curves.append([_curve(scene, changed_pictures(start, end, values, STEPS), steps) for values in maps])
    deletion, insertion = (Game(own, tuple(others)) for own, *others in curves)
    return deletion, insertion


def _curve(scene: AttributionContext, pictures: NDArray[np.float32], steps: _Steps) -> ProbabilityCurve:
    inputs = torch.from_numpy(pictures).to(scene.inputs.device)

    def work(batch: int) -> Tensor:
        with torch.no_grad():
            return torch.cat([_probability(scene, part) for part in torch.split(inputs, batch)])

    steps.add(len(pictures))
    return ProbabilityCurve(fractions(STEPS), halving(scene, work).cpu().double().numpy())


def _probability(scene: AttributionContext, inputs: Tensor) -> Tensor:
    """Return the probability (N,) of the class, or of it against the contrast alone."""
    inputs = inputs.contiguous(memory_format=torch.channels_last)
    if scene.score.contrast is not None:
        return torch.sigmoid(scene.score(inputs))
    logits: Tensor = scene.network.module(inputs)
    return logits.float().softmax(1)[:, scene.score.target]


def _infidelity(
    scene: AttributionContext, values: NDArray[np.float32], steps: _Steps
) -> tuple[float, NDArray[np.bool_], NDArray[np.float64]]:
    """Return captum's infidelity under covering squares, the squares (N, S, S), and the drops of the score (N,)."""
    masks = covering_squares(scene.side, SQUARES, scene.seed)
    attributions = torch.from_numpy(values)[None, None].expand(1, 3, -1, -1).to(scene.inputs.device)
    blank = scene.blank()
    steps.add(SQUARES)

    def work(batch: int) -> tuple[float, NDArray[np.float64]]:
        scores: list[Tensor] = []
        waiting = iter(torch.from_numpy(masks).to(scene.inputs.device))

        def cover(inputs: Tensor) -> tuple[Tensor, Tensor]:
            mask = torch.stack(list(_take(waiting, len(inputs))))[:, None].expand(-1, 3, -1, -1)
            return mask.float() / 3, torch.where(mask, blank, inputs)

        def score(inputs: Tensor) -> Tensor:
            scores.append(scene.score(inputs))
            return scores[-1]

        found = vision.captum_metrics().infidelity(
            score,
            cover,
            scene.inputs,
            attributions,
            n_perturb_samples=SQUARES,
            max_examples_per_batch=min(batch, SQUARES),
            normalize=True,
        )
        covered = torch.cat(scores[::2]).cpu().double()  # captum asks for the covered, then for the whole picture
        return float(found), (scene.value - covered).numpy()

    infidelity, drops = halving(scene, work)
    return infidelity, masks, drops


def _take(waiting: Iterator[Tensor], count: int) -> Iterator[Tensor]:
    for _ in range(count):
        yield next(waiting)


def _covered(values: NDArray[np.floating], masks: NDArray[np.bool_]) -> NDArray[np.float64]:
    """Return the map's sum over each of the masks: (N,)."""
    return masks.reshape(len(masks), -1) @ values.astype(np.float64).ravel()


def _sensitivity(
    network: Network, pixels: Pixels, attribution: Attribution, baseline: Baseline, steps: _Steps
) -> float:
    """Return captum's largest relative change of the map when every pixel changes by up to ``NUDGE`` of 255."""
    generator = np.random.default_rng(0)

    def nudge(batch: Tensor) -> Tensor:
        change = torch.from_numpy(generator.integers(-NUDGE, NUDGE + 1, tuple(batch.shape)))
        return (batch + change).clamp(0, 255)

    def explain(batch: Tensor | tuple[Tensor, ...]) -> tuple[Tensor, ...]:
        rows = batch[0] if isinstance(batch, tuple) else batch
        maps = [_again(network, row.numpy().astype(np.uint8), attribution, baseline, steps) for row in rows]
        return (torch.from_numpy(np.stack(maps)),)

    whole = torch.from_numpy(pixels.astype(np.float32))[None]
    return float(vision.captum_metrics().sensitivity_max(explain, whole, nudge, n_perturb_samples=NUDGES))


def _again(
    network: Network, pixels: Pixels, attribution: Attribution, baseline: Baseline, steps: _Steps
) -> NDArray[np.float32]:
    """Return the same method's map of another picture or another network, for the same class."""
    steps.add(METHODS[attribution.method].passes)
    return attribute(
        network,
        pixels,
        attribution.method,
        target=attribution.target,
        contrast=attribution.contrast,
        stage=attribution.stage,
        baseline=baseline,
        progress=steps.look,
    ).map


def _array(inputs: Tensor) -> NDArray[np.float32]:
    return inputs[0].detach().float().cpu().numpy()

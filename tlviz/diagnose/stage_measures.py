"""Every measure of one stage, from its features, those of the random copy and those of source-like photographs."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np
import torch
from numpy.typing import NDArray

from tlviz.diagnose.features import Features
from tlviz.diagnose.records import StageProfile
from tlviz.diagnose.stage_pass import GROUPS, Shift, shift_between
from tlviz.diagnose.stage_probes import Probed, probe_stage
from tlviz.measures.balanced import Floats, Ints, balanced_mean
from tlviz.measures.cka import linear_cka
from tlviz.measures.components import principal_components
from tlviz.measures.dimension import effective_rank, intrinsic_dimension
from tlviz.measures.kid import kid, kid_noise, noise_between
from tlviz.measures.knn import knn_correct
from tlviz.measures.means import mean_of_known
from tlviz.measures.probe import Probe, probe_equalised
from tlviz.measures.separability import separability
from tlviz.measures.shift import Moments, above_noise
from tlviz.measures.transrate import transrate_above_chance

PERMUTATIONS, MOST_PERMUTATIONS = 5, 19
"""Against 5 permutations permuted labels look like a signal one time in six, against 19 one in twenty."""
CLEAR = 6.0
"""A probe this many standard errors above guessing needs no more than the first permutations."""
_DIGITS = 4
"""Positions on a map are kept to this many digits."""


@dataclass(frozen=True, slots=True)
class Evidence:
    """Features of one stage: of the target (N, D), of the random copies, of photographs (M, D), and the target's shift.

    ``photographs`` is None where they are the target; ``shift`` is None where the stage has no BatchNorm, and is then
    measured against the photographs where ``has_batchnorm`` says that no stage has any.  ``probed`` are the probes
    where they are made already.
    """

    name: str
    target: Features
    randoms: Sequence[Features]
    photographs: Features | None
    shift: Shift | None
    has_batchnorm: bool
    relative_gradient: float
    probed: Probed | None = None


def measure_stage(evidence: Evidence, labels: Ints, seed: int, groups: Ints | None = None) -> StageProfile:
    """Measure one stage for labels (N,); how far it stays behind the best is left at 0, see ``against_best``.

    Images of one group (N,) are left out together.
    """
    target = evidence.target
    probed = evidence.probed or probe_stage(target, evidence.randoms, labels, groups)
    scores, probe, at_random = probed.scores, probed.probe, probed.at_random
    spread = _spread([random.accuracy for random in at_random])
    draws = np.mean([random.correct for random in at_random], axis=0)
    gain, gain_se = balanced_mean(probe.correct.astype(float) - draws, labels)
    permuted = _permuted(scores, labels, probe, seed, groups)
    shift, shift_raw = _shift(evidence, seed)
    kid_in_noise, kid_raw = _kid(target, evidence.photographs, seed)
    places, explained = _places(target)
    return StageProfile(
        name=evidence.name,
        width=target.shape[1],
        probe=probe.accuracy,
        probe_se=max(probe.standard_error, _spread(permuted) if len(permuted) == MOST_PERMUTATIONS else 0.0),
        behind=0.0,
        behind_se=0.0,
        random_probe=float(np.mean([random.accuracy for random in at_random])),
        random_probe_se=math.hypot(
            float(np.mean([random.standard_error for random in at_random])), spread / math.sqrt(len(at_random))
        ),
        random_spread=spread,
        gain=gain,
        gain_se=math.hypot(gain_se, spread / math.sqrt(len(at_random))),
        permuted_probe=float(np.mean(permuted)),
        permuted_high=max(permuted),
        knn=_knn(target, labels, groups),
        random_knn=float(np.mean([_knn(features, labels, groups) for features in evidence.randoms])),
        transrate=transrate_above_chance(target, labels, seed),
        separability=separability(target, labels),
        cka_to_random=mean_of_known(_cka(target, features) for features in evidence.randoms),
        effective_rank=effective_rank(target),
        random_effective_rank=mean_of_known(map(effective_rank, evidence.randoms)) or 0.0,
        intrinsic_dimension=intrinsic_dimension(target),
        shift=shift,
        shift_raw=shift_raw,
        kid=kid_in_noise,
        kid_raw=kid_raw,
        relative_gradient=evidence.relative_gradient,
        correct="".join("01"[int(right)] for right in probe.correct),
        places=places,
        explained=explained,
    )


def against_best(stages: Sequence[StageProfile], labels: Ints) -> tuple[StageProfile, ...]:
    """Fill in how far each stage's probe stays behind the best one's on the same images (N,)."""
    right = [np.array([float(mark) for mark in stage.correct]) for stage in stages]
    best = right[int(np.argmax([stage.probe for stage in stages]))]
    filled = []
    for stage, values in zip(stages, right, strict=True):
        behind, behind_se = balanced_mean(best - values, labels)
        filled.append(replace(stage, behind=behind, behind_se=behind_se))
    return tuple(filled)


def _permuted(scores: Floats, labels: Ints, probe: Probe, seed: int, groups: Ints | None) -> list[float]:
    """Return the probe's accuracy on permuted labels: on a few, or where it is near guessing, on more."""
    is_clear = probe.accuracy - 1 / len(np.unique(labels)) > CLEAR * probe.standard_error
    generator = np.random.default_rng(seed)
    count = PERMUTATIONS if is_clear else MOST_PERMUTATIONS
    return [probe_equalised(scores, generator.permutation(labels), groups).accuracy for _ in range(count)]


def _knn(features: Features, labels: Ints, groups: Ints | None) -> float:
    return balanced_mean(knn_correct(features, labels, groups=groups), labels)[0]


def _spread(values: Sequence[float]) -> float:
    """Return the standard deviation of draws, 0 of a single one."""
    return float(np.std(values, ddof=1)) if len(values) > 1 else 0.0


def _shift(evidence: Evidence, seed: int) -> tuple[float | None, float | None]:
    """Return the shift in units of noise and in the source's deviations, to BatchNorm or to the photographs."""
    count = len(evidence.target)
    if evidence.shift is not None:
        found, other = evidence.shift, None
    elif evidence.photographs is not None and not evidence.has_batchnorm:
        groups = np.random.default_rng(seed).permutation(count) % GROUPS
        photographs = evidence.photographs.astype(np.float64)
        source = photographs.mean(0), photographs.var(0)
        found, other = shift_between(Moments.of_features(evidence.target, groups), source, seed), len(photographs)
    else:
        return None, None
    return above_noise(found.distance, found.noise_of_halves, count, other), found.distance


def _kid(target: Features, photographs: Features | None, seed: int) -> tuple[float, float]:
    """Return the KID to photographs in units of noise, and itself; where they are the target, between its halves."""
    order = np.random.default_rng(seed).permutation(len(target))
    first, second = target, photographs
    if second is None:
        first, second = target[order[::2]], target[order[1::2]]
    scale = math.sqrt(float(np.mean(np.square(second, dtype=np.float64)))) or 1.0
    value = kid(first / scale, second / scale)
    noise = noise_between(kid_noise(target / scale, seed), len(target), len(first), len(second))
    return (value / noise if noise > 0 else 0.0), value


def _cka(target: Features, random: Features) -> float | None:
    value = linear_cka(torch.from_numpy(target), torch.from_numpy(random))
    return value if math.isfinite(value) else None


def _places(features: Features) -> tuple[tuple[tuple[float, float], ...], float]:
    """Project images on the first two principal axes, each from -1 to 1, and return the share of variance they keep."""
    scores, sizes = principal_components(features)
    places: NDArray[np.float64] = np.zeros((len(features), 2))
    places[:, : min(2, scores.shape[1])] = scores[:, :2]
    low, high = places.min(0), places.max(0)
    spread = ((2 * places - low - high) / np.maximum(high - low, 1e-12)).round(_DIGITS)
    explained = float(sizes[:2].sum() / sizes.sum()) if len(sizes) else 0.0
    return tuple((float(x), float(y)) for x, y in spread), explained

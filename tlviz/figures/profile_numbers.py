"""The numbers of the probe curve: what is drawn, and what it shows in one line."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import pairwise

from tlviz.diagnose.records import Profile
from tlviz.figures.depth import Block, DepthScale, lay_out


@dataclass(frozen=True, slots=True)
class StageCurve:
    """One network on one target, ready to draw: one value a backbone stage, accuracies as fractions.

    ``label`` is what stands at the curve's end, ``colour`` the number of its run colour.  ``costs`` are shares of the
    forward compute, one a stage and one for the head.  ``freeze`` is how many stages the advice freezes, None where
    there is none; ``permuted`` is the most that permuted labels reach, nothing where it is not drawn.
    """

    label: str
    colour: int
    stages: tuple[str, ...]
    probe: tuple[float, ...]
    probe_se: tuple[float, ...]
    random: tuple[float, ...]
    chance: float
    costs: tuple[float, ...] = ()
    heights: tuple[float, ...] = ()
    facts: tuple[str, ...] = ()
    freeze: int | None = None
    permuted: tuple[float, ...] = ()


def curve_of(profile: Profile, label: str, colour: int) -> StageCurve:
    """Return a profile as a curve to draw, without what only the network itself knows, and without its advice."""
    return StageCurve(
        label=label,
        colour=colour,
        stages=tuple(stage.name for stage in profile.stages),
        probe=tuple(stage.probe for stage in profile.stages),
        probe_se=tuple(stage.probe_se for stage in profile.stages),
        random=tuple(stage.random_probe for stage in profile.stages),
        chance=profile.chance,
        permuted=tuple(stage.permuted_high for stage in profile.stages),
    )


def finding(profile: Profile) -> str:
    """Say in one line what the curve shows: where it is best, what the last stages cost and what pretraining gains.

    A cost is stated only where the paired images show one, beyond one standard error and one point.
    """
    stages = profile.stages
    at = best_stage([stage.probe for stage in stages])
    digits = 0 if stages[at].probe_se >= 0.01 else 1
    best, error = (f"{100 * value:.{digits}f}" for value in (stages[at].probe, stages[at].probe_se))
    words = f"best at {stages[at].name}, {best} ± {error} %"
    last, after = stages[-1], len(stages) - 1 - at
    if after and last.behind > max(last.behind_se, 0.01):
        words += f"; the last {f'{after} stages cost' if after > 1 else 'stage costs'} {100 * last.behind:.1f} points"
    return f"{words}; {100 * stages[at].gain:+.{digits}f} points over random"


def blocks(curve: StageCurve, scale: DepthScale) -> list[Block]:
    """Return where a curve's stages, the head last, lie on the axis."""
    return lay_out(curve.stages, curve.costs, scale)


def band(curve: StageCurve) -> tuple[list[float], list[float]]:
    """Return the lower and upper end of one standard error around the probe, within 0 to 1."""
    pairs = list(zip(curve.probe, curve.probe_se, strict=True))
    return [max(0.0, value - se) for value, se in pairs], [min(1.0, value + se) for value, se in pairs]


def gain(curve: StageCurve) -> list[float]:
    """Return what each stage is worth above random weights."""
    return [value - control for value, control in zip(curve.probe, curve.random, strict=True)]


def best_stage(probe: Sequence[float]) -> int:
    """Return the number of the stage with the highest probe, the earliest where several share it."""
    return max(range(len(probe)), key=lambda at: (probe[at], -at))


def spread(values: Sequence[float], gap: float) -> list[float]:
    """Move values apart until neighbours are at least ``gap`` apart, as little as a pass from the top down needs."""
    order = sorted(range(len(values)), key=lambda at: -values[at])
    placed = list(values)
    for above, at in pairwise(order):
        placed[at] = min(placed[at], placed[above] - gap)
    return placed

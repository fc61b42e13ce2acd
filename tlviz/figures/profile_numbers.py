"""The numbers of the probe curve: what is drawn, and what it shows in one line."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from enum import StrEnum
from itertools import pairwise

from tlviz.diagnose.records import Profile
from tlviz.figures.depth import Block, DepthScale, lay_out


class Shown(StrEnum):
    """What the curves show: what each stage is worth above random weights, or the bare accuracy of its probe."""

    GAIN = "gain"
    ACCURACY = "accuracy"


@dataclass(frozen=True, slots=True)
class StageCurve:
    """One network on one target, ready to draw: one value a backbone stage, accuracies as fractions.

    ``label`` is what stands at the curve's end, ``colour`` the number of its run colour.  ``costs`` are shares of the
    forward compute, one a stage and one for the head.  ``freeze`` is how many stages the advice freezes, None where
    there is none; ``permuted`` is the most that permuted labels reach, nothing where it is not drawn.  ``gain_se`` is
    the error of probe less ``random``, ``random_spread`` the standard deviation of the draws of random weights; both
    are empty where they are not known.
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
    gain_se: tuple[float, ...] = ()
    random_spread: tuple[float, ...] = ()


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
        gain_se=tuple(stage.gain_se for stage in profile.stages),
        random_spread=spread_of(profile),
    )


def spread_of(profile: Profile) -> tuple[float, ...]:
    """Return the standard deviation of the draws of random weights by stage, nothing of a profile of a single draw."""
    found = tuple(stage.random_spread for stage in profile.stages)
    return found if any(found) else ()


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


def values(curve: StageCurve, shown: Shown) -> list[float]:
    """Return what is drawn of a curve: gains over random weights in points, or accuracies as fractions."""
    return [100 * value for value in gain(curve)] if shown is Shown.GAIN else list(curve.probe)


def band(curve: StageCurve, shown: Shown = Shown.ACCURACY) -> tuple[list[float], list[float]]:
    """Return the lower and upper end of one standard error around the curve, an accuracy's within 0 to 1."""
    if shown is Shown.GAIN:
        errors = curve.gain_se or curve.probe_se
        pairs = list(zip(gain(curve), errors, strict=True))
        return [100 * (value - se) for value, se in pairs], [100 * (value + se) for value, se in pairs]
    pairs = list(zip(curve.probe, curve.probe_se, strict=True))
    return [max(0.0, value - se) for value, se in pairs], [min(1.0, value + se) for value, se in pairs]


def random_band(curve: StageCurve, shown: Shown) -> tuple[list[float], list[float]]:
    """Return random weights less and plus the spread of their draws, as accuracies, or in points around zero gain."""
    if shown is Shown.GAIN:
        return [-100 * sd for sd in curve.random_spread], [100 * sd for sd in curve.random_spread]
    pairs = list(zip(curve.random, curve.random_spread, strict=True))
    return [value - sd for value, sd in pairs], [value + sd for value, sd in pairs]


def point_words(curve: StageCurve) -> list[str]:
    """Return for each stage what its point tells: probe, gain and random weights, each with what it is uncertain by."""
    words = []
    for at, (probe, se, random) in enumerate(zip(curve.probe, curve.probe_se, curve.random, strict=True)):
        error = f" ± {100 * curve.gain_se[at]:.1f}" if curve.gain_se else ""
        spread = f", draws differ by {100 * curve.random_spread[at]:.1f} points" if curve.random_spread else ""
        words.append(
            f"{100 * (probe - random):+.1f}{error} points over random weights"
            f"<br>probe {probe:.1%} ± {se:.1%}<br>random weights {random:.1%}{spread}"
        )
    return words


def how_to_read(curves: Sequence[StageCurve], shown: Shown) -> str:
    """Say what points, bands and lines of a chart of curves stand for, as far as they are drawn."""
    point = (
        "how many points better a linear classifier (a probe) does on that stage's features than on those of the same "
        "network with random weights, which is zero here"
        if shown is Shown.GAIN
        else "accuracy of a linear classifier (a probe) on that stage's features"
    )
    words = f"Point: {point}; band: one standard error"
    if shown is Shown.GAIN:
        words += (
            "."
            if len(curves) == 1 or not any(curve.random_spread for curve in curves)
            else (", which includes how much draws of random weights differ.")
        )
    elif len(curves) == 1:
        words += "; shaded: the gain over random weights."
    else:
        words += "; dotted in a curve's colour: its own random weights, the only ones to hold it against."
    if curves[0].random_spread and len(curves) == 1:
        words += " Grey: how much several draws of random weights differ."
    if shown is Shown.ACCURACY and len({curve.chance for curve in curves}) > 1:
        words += " Guessing gets " + ", ".join(f"{curve.chance:.0%} on {curve.label}" for curve in curves) + "."
    if curves[0].permuted and shown is Shown.ACCURACY:
        words += " Permuted labels: the most that a probe reaches where there is nothing to learn."
    return words


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

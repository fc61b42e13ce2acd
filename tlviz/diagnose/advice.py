"""What to try first, from a profile's numbers alone: a prior for the race, not a verdict."""

from __future__ import annotations

from collections.abc import Sequence

from tlviz.diagnose.records import Advice, Candidate, Confidence, RateTrial, StageProfile

LEAST_DIFFERENCE = 0.01
"""Differences below one accuracy point count as none, however sure."""
SIGNAL = 2.0
"""There is a signal only if the best probe is this many times the least difference above guessing."""
AGREEMENT = 1
"""Measures agree where their best stages are at most this many stages apart."""
LEAST_SHIFT = 1.0
"""A shift of the stem below this many times the noise counts as none."""
LIKE_SOURCE = 2.0
"""Images are like the source's photographs where the kernel distance is at most this many times the noise."""
FROZEN_FAR, FROZEN_FAR_BATCHNORM = 0.5, 0.75
"""On other images at most this share of the stages stays frozen; of a network with BatchNorm more, because its early
stages lose more than they learn when few images move their statistics.  Both from ``tests/bench/advice.py``."""
HEAD_LR, BACKBONE_LR = 1e-3, 1e-4
"""The course's rates.  A range test of a head on features, as advised before, gave rates up to ten times lower, which
cost accuracy."""


def advise(stages: Sequence[StageProfile], *, chance: float, trial: RateTrial | None, has_batchnorm: bool) -> Advice:
    """Advise a freeze depth, strategy, rates and the entrants of a race, by the numbers of the backbone's stages.

    The deepest stage whose probe is as good as the best one is kept frozen with all before it, less those at its end
    that are worth no more than random weights; on images that differ from the source's at most half of the stages, with
    BatchNorm three quarters, because a stage that a linear probe can use is still better tuned there
    (``tests/bench/advice.py``).  Where even the best probe is near guessing, or pretraining is worth nothing anywhere,
    there is no signal and everything should race.
    """
    rate = trial.chosen if trial else HEAD_LR
    if not has_signal(stages, chance):
        return Advice(
            freeze=0,
            strategy="two_phase",
            head_lr=rate,
            backbone_lr=BACKBONE_LR,
            confidence=Confidence.NONE,
            candidates=_everything(len(stages)),
            reasons=(_no_signal(stages, chance), _about_rates(trial)),
            rate_factors={stage.name: stage.relative_gradient for stage in stages},
        )
    freeze = freeze_depth(stages, has_batchnorm=has_batchnorm)
    first = stem_is_shifted(stages)
    peaks = _peaks(stages)
    confidence = Confidence.HIGH if max(peaks) - min(peaks) <= AGREEMENT else Confidence.LOW
    return Advice(
        freeze=freeze,
        strategy=strategy_at(freeze, len(stages)),
        head_lr=rate,
        backbone_lr=BACKBONE_LR,
        confidence=confidence,
        candidates=_candidates(stages, freeze, first=first, has_batchnorm=has_batchnorm),
        reasons=_reasons(stages, freeze, peaks, trial, first=first, has_batchnorm=has_batchnorm),
        rate_factors={stage.name: stage.relative_gradient if at >= freeze else 0.0 for at, stage in enumerate(stages)},
    )


def least(standard_error: float) -> float:
    """Return the smallest difference that counts: one standard error, or one point."""
    return max(standard_error, LEAST_DIFFERENCE)


def best_stage(stages: Sequence[StageProfile]) -> StageProfile:
    """Return the stage with the best probe, of equals the first."""
    return max(stages, key=lambda stage: stage.probe)


def has_signal(stages: Sequence[StageProfile], chance: float) -> bool:
    """Return whether some probe is above guessing, and pretraining worth something somewhere."""
    if not is_above_chance(stages, chance):
        return False
    return any(stage.gain > least(stage.gain_se) for stage in stages)


def is_above_chance(stages: Sequence[StageProfile], chance: float) -> bool:
    """Return whether the best probe is clearly above guessing, and above every probe of permuted labels."""
    best = best_stage(stages)
    is_clear = best.probe - chance > SIGNAL * least(best.probe_se)
    return is_clear and best.probe > max(stage.permuted_high for stage in stages)


def general_depth(stages: Sequence[StageProfile]) -> int:
    """Return how many stages from the stem it takes to the deepest one that is as good as the best."""
    return max(at for at, stage in enumerate(stages, start=1) if stage.behind <= least(stage.behind_se))


def is_source_like(stages: Sequence[StageProfile]) -> bool:
    """Return whether no stage sees these images apart from photographs like the source's."""
    return all(stage.kid <= LIKE_SOURCE for stage in stages)


def most_frozen(stages: Sequence[StageProfile], *, has_batchnorm: bool) -> int:
    """Return how many stages may stay frozen: the good ones, on images that differ from the source's only a part."""
    general = general_depth(stages)
    return general if is_source_like(stages) else min(general, _far_limit(len(stages), has_batchnorm=has_batchnorm))


def _far_limit(count: int, *, has_batchnorm: bool) -> int:
    return max(1, round((FROZEN_FAR_BATCHNORM if has_batchnorm else FROZEN_FAR) * count))


def freeze_depth(stages: Sequence[StageProfile], *, has_batchnorm: bool) -> int:
    """Return how many stages to freeze: as many as may be, less those at their end that gain nothing over random."""
    depth = most_frozen(stages, has_batchnorm=has_batchnorm)
    while depth and stages[depth - 1].gain <= least(stages[depth - 1].gain_se):
        depth -= 1
    return depth


def stem_is_shifted(stages: Sequence[StageProfile]) -> bool:
    """Return whether the target's channels lie farthest from the source's at the first stage."""
    shifts = [stage.shift_raw for stage in stages if stage.shift_raw is not None]
    first = stages[0]
    if first.shift is None or first.shift_raw is None or first.shift <= LEAST_SHIFT:
        return False
    return first.shift_raw >= max(shifts)


def strategy_at(freeze: int, depth: int) -> str:
    """Return the strategy that freezes the first ``freeze`` of the backbone's stages."""
    return "full" if freeze == 0 else "head_only" if freeze == depth else "last_stages"


def _candidates(
    stages: Sequence[StageProfile], freeze: int, *, first: bool, has_batchnorm: bool
) -> tuple[Candidate, ...]:
    depth = len(stages)
    found = [_frozen(freeze, depth, "what the profile advises")]
    found += [
        _frozen(other, depth, words)
        for other, words in ((freeze - 1, "one stage less frozen"), (freeze + 1, "one stage more frozen"))
        if 0 <= other <= depth
    ]
    found.append(_frozen(depth, depth, "a linear probe on the last features"))
    found += [
        Candidate("two_phase", None, "the head first, then everything: the safe default"),
        _frozen(0, depth, "everything tuned: the reference"),
    ]
    if first:
        found.append(_first_stage_only(stages))
        if has_batchnorm:
            found.append(Candidate("head_only", depth, "BatchNorm re-estimated on the target", None, "reestimate"))
    return _different(found)


def _everything(depth: int) -> tuple[Candidate, ...]:
    found = [
        Candidate("two_phase", None, "the head first, then everything: the safe default"),
        _frozen(depth, depth, "nothing tuned but the head"),
        _frozen(depth // 2, depth, "the later half tuned"),
        _frozen(0, depth, "everything tuned"),
        Candidate("from_scratch", None, "random weights: shows whether the source helps at all"),
    ]
    return _different(found)


def _frozen(freeze: int, depth: int, sentence: str) -> Candidate:
    return Candidate(strategy_at(freeze, depth), freeze, sentence)


def _first_stage_only(stages: Sequence[StageProfile]) -> Candidate:
    later = tuple(stage.name for stage in stages[1:])
    return Candidate("last_stages", None, "the first stage and the head tuned: for other colours or noise", later)


def _different(candidates: Sequence[Candidate]) -> tuple[Candidate, ...]:
    """Leave out what another candidate already does."""
    seen: dict[tuple[object, ...], Candidate] = {}
    for one in candidates:
        seen.setdefault((one.strategy, one.freeze, one.frozen, one.batchnorm), one)
    return tuple(seen.values())


def _peaks(stages: Sequence[StageProfile]) -> tuple[int, int, int]:
    """Return the stages at which probe, nearest neighbours and TransRate are best."""
    measures = ([s.probe for s in stages], [s.knn for s in stages], [s.transrate for s in stages])
    probe, neighbours, rate = (values.index(max(values)) for values in measures)
    return probe, neighbours, rate


def _reasons(
    stages: Sequence[StageProfile],
    freeze: int,
    peaks: tuple[int, int, int],
    trial: RateTrial | None,
    *,
    first: bool,
    has_batchnorm: bool,
) -> tuple[str, ...]:
    best, general = best_stage(stages), general_depth(stages)
    deepest = stages[general - 1]
    reasons = [
        f"The probe is best at {best.name} with {percent(best.probe)} ± {points(best.probe_se)} points."
        if deepest is best
        else f"The probe is best at {best.name} with {percent(best.probe)}, and {deepest.name} stays within "
        f"{points(least(deepest.behind_se))} points of it with {percent(deepest.probe)}."
    ]
    if general < len(stages):
        after = stages[general]
        reasons.append(
            f"From {after.name} on accuracy falls behind, by {points(after.behind)} ± {points(after.behind_se)} "
            "points there: those stages are too specific for these images."
        )
    reasons.append(_about_nearness(stages, has_batchnorm=has_batchnorm))
    reasons.append(_about_gain(stages, freeze, most_frozen(stages, has_batchnorm=has_batchnorm)))
    names = [stages[at].name for at in peaks]
    apart = max(peaks) - min(peaks)
    reasons.append(
        f"Probe, nearest neighbours and TransRate are best at {names[0]}, {names[1]} and {names[2]}, {apart} "
        f"{'stage' if apart == 1 else 'stages'} apart, so the confidence is {'high' if apart <= AGREEMENT else 'low'}."
    )
    if first:
        also = ", and re-estimating the BatchNorm statistics," if has_batchnorm else ""
        reasons.append(
            f"The shift is largest at the first stage, {stages[0].shift_raw:.2f} standard deviations of the source, so "
            f"tuning that stage only{also} joins the race."
        )
    reasons.append(_about_rates(trial))
    return tuple(reasons)


def _about_gain(stages: Sequence[StageProfile], freeze: int, most: int) -> str:
    if freeze == 0:
        best = max(stages[:most], key=lambda stage: stage.gain)
        return (
            f"No stage up to {stages[most - 1].name} is worth more than random weights, at most "
            f"{points(best.gain)} points, so nothing stays frozen."
        )
    at = stages[freeze - 1]
    worth = f"At {at.name} pretraining is worth {points(at.gain)} ± {points(at.gain_se)} points over random weights"
    if freeze < most:
        return f"{worth}, while later stages gain nothing, so only the first {freeze} stay frozen."
    return f"{worth}, so the first {freeze} stages stay frozen." if freeze > 1 else f"{worth}, so it stays frozen."


def _about_nearness(stages: Sequence[StageProfile], *, has_batchnorm: bool) -> str:
    far = max(stages, key=lambda stage: stage.kid)
    if is_source_like(stages):
        return (
            "No stage separates these images from the source's photographs (distance at most "
            f"{max(0.0, far.kid):.1f} times the noise), so little needs tuning."
        )
    words = f"These images differ from the source's photographs, by {far.kid:,.0f} times the noise at {far.name}"
    limit = _far_limit(len(stages), has_batchnorm=has_batchnorm)
    if general_depth(stages) <= limit:
        return f"{words}, so the later stages are tuned."
    return f"{words}; tuning later stages pays there, so at most {limit} of {len(stages)} stages stay frozen."


def _no_signal(stages: Sequence[StageProfile], chance: float) -> str:
    best = best_stage(stages)
    if not is_above_chance(stages, chance):
        highest = max(stage.permuted_high for stage in stages)
        return (
            f"No reliable transfer signal: the best probe, {percent(best.probe)} ± {points(best.probe_se)} points at "
            f"{best.name}, is hardly above the {percent(chance)} of guessing (permuted labels reach "
            f"{percent(highest)}), so race every strategy."
        )
    most = max(stages, key=lambda stage: stage.gain)
    return (
        f"No reliable transfer signal: pretraining gains at most {points(most.gain)} ± {points(most.gain_se)} points "
        f"over random weights, at {most.name}, so race every strategy."
    )


def _about_rates(trial: RateTrial | None) -> str:
    usual = f"{HEAD_LR:g} for the head and {BACKBONE_LR:g} for the backbone"
    if trial is None:
        return f"The rates are the course's, {usual}."
    if trial.chosen == HEAD_LR:
        others = " and ".join(f"{rate:g}" for rate in trial.rates if rate != HEAD_LR)
        return f"The rates are the course's, {usual}: a head tried at {others} was not better by more than the noise."
    return (
        f"A head tried at {trial.chosen:g} named {points(trial.gain)} ± {points(trial.gain_se)} points more of the "
        f"left-out pictures rightly than at the course's {HEAD_LR:g}; the backbone keeps {BACKBONE_LR:g}."
    )


def percent(share: float) -> str:
    """Write a share in percent with one decimal."""
    return f"{100 * share:.1f}%"


def points(share: float) -> str:
    """Write a difference of shares in points with one decimal, without a unit."""
    return f"{100 * share:.1f}"

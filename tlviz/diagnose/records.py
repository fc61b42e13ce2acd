"""What a profile says, as plain data that survives a round trip through JSON; nothing here needs torch."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict, dataclass, field
from enum import StrEnum
from typing import Any, Self


class Confidence(StrEnum):
    """How far advice can be trusted before the race.

    ``NONE``: no reliable transfer signal.  ``LOW``: the measures disagree.  ``HIGH``: probe, nearest neighbours and
    TransRate peak within one stage.
    """

    NONE = "none"
    LOW = "low"
    HIGH = "high"


@dataclass(frozen=True, slots=True)
class Candidate:
    """One entrant of the suggested race: what ``finetune.config.configure`` needs, and why it runs.

    ``freeze`` counts frozen stages from the stem, None is the strategy's own depth; ``frozen`` names them instead where
    they are not the first ones; ``batchnorm`` is ``frozen``, or ``reestimate`` to estimate the statistics again.
    """

    strategy: str
    freeze: int | None
    sentence: str
    frozen: tuple[str, ...] | None = None
    batchnorm: str = "frozen"

    @classmethod
    def from_json(cls, values: Mapping[str, Any]) -> Self:
        """Rebuild a candidate from its fields as JSON values."""
        frozen = values["frozen"]
        return cls(**{**values, "frozen": None if frozen is None else tuple(frozen)})


@dataclass(frozen=True, slots=True)
class Advice:
    """What to try first, as a prior for the race.

    ``freeze`` counts frozen stages from the stem; ``rate_factors`` is {stage: share of ``backbone_lr``, 0 to 1}, 0 for
    the frozen ones.  Each of the ``reasons`` is one sentence with its number.
    """

    freeze: int
    strategy: str
    head_lr: float
    backbone_lr: float
    confidence: Confidence
    candidates: tuple[Candidate, ...]
    reasons: tuple[str, ...]
    rate_factors: Mapping[str, float]

    def to_json(self) -> dict[str, Any]:
        """Return the advice as JSON values."""
        return asdict(self)

    @classmethod
    def from_json(cls, values: Mapping[str, Any]) -> Self:
        """Rebuild advice from ``to_json``."""
        candidates = tuple(Candidate.from_json(candidate) for candidate in values["candidates"])
        confidence, reasons = Confidence(values["confidence"]), tuple(values["reasons"])
        return cls(**{**values, "candidates": candidates, "confidence": confidence, "reasons": reasons})


@dataclass(frozen=True, slots=True)
class RateTrial:
    """A new head trained on features at several ``rates``; ``accuracies`` are held out, each of its best epoch.

    ``chosen`` is the course's rate unless another was better by more than the noise; ``gain`` is how much better the
    chosen one was than the course's, with the standard error of the paired difference.
    """

    rates: tuple[float, ...]
    accuracies: tuple[float, ...]
    chosen: float
    gain: float
    gain_se: float

    @classmethod
    def from_json(cls, values: Mapping[str, Any]) -> Self:
        """Rebuild a trial from its fields as JSON values."""
        return cls(**{**values, "rates": tuple(values["rates"]), "accuracies": tuple(values["accuracies"])})


@dataclass(frozen=True, slots=True)
class StageProfile:
    """What one backbone stage's pooled features are worth on a target; accuracies are balanced, 0 to 1.

    ``probe`` is the leave-one-out accuracy of a linear probe with its standard error, ``random_probe`` that of the same
    stage with random weights, the mean of several draws, ``random_spread`` their standard deviation, ``gain`` the
    difference; ``behind`` is how far it stays behind the best stage.  The
    standard errors of differences are those of paired images.  ``permuted_probe`` is the mean over permuted labels,
    ``permuted_high`` the highest of them.  ``transrate`` (nats for each dimension) and ``separability`` (share of the
    variance between the classes) are freed of what labels without meaning give.  ``cka_to_random`` is None
    where it cannot be computed.
    ``shift`` is the distance to the source's channel statistics, and ``kid`` the one to source-like photographs, both
    in units of the noise between two halves of the target; ``shift_raw`` is in standard deviations of the source,
    ``kid_raw`` an MMD.  Shifts are None where the target is itself the reference.
    ``relative_gradient`` is 1 for the stage that the target pulls at most.
    ``correct`` holds one character an image, 1 where the probe was right; ``places`` are the images (n, 2) on
    the first two principal axes, each from -1 to 1, ``explained`` their share of the variance.
    """

    name: str
    width: int
    probe: float
    probe_se: float
    behind: float
    behind_se: float
    random_probe: float
    random_probe_se: float
    gain: float
    gain_se: float
    permuted_probe: float
    permuted_high: float
    knn: float
    random_knn: float
    transrate: float
    separability: float
    cka_to_random: float | None
    effective_rank: float
    random_effective_rank: float
    intrinsic_dimension: float | None
    shift: float | None
    shift_raw: float | None
    kid: float
    kid_raw: float
    relative_gradient: float
    correct: str
    places: tuple[tuple[float, float], ...]
    explained: float
    random_spread: float = 0.0

    @classmethod
    def from_json(cls, values: Mapping[str, Any]) -> Self:
        """Rebuild a stage's profile from its fields as JSON values."""
        return cls(**{**values, "places": tuple((float(x), float(y)) for x, y in values["places"])})


@dataclass(frozen=True, slots=True)
class ProbedTask:
    """What a stage says of one probing task: balanced accuracy, its standard error, and that of random weights."""

    stage: str
    accuracy: float
    se: float
    random: float
    random_se: float
    chance: float


@dataclass(frozen=True, slots=True)
class Profile:
    """The layer profile of a network on a target.

    ``stages`` are those of the backbone, from the stem: the head answers for the source's classes and has no features
    to probe.  ``images`` of ``available`` were looked at; ``names`` and ``labels`` (n,) are theirs, ``classes`` the
    names of the labels.  ``notes`` say what was sampled or left out.  ``chance`` is the accuracy of guessing.
    ``similarity`` is the debiased linear CKA between all pairs of ``stages``, None where it cannot be computed.
    ``summary`` is what the numbers mean, in words.  ``shift_against`` says what shifts are measured against.
    ``head_lr`` is the head's rate as ``rate_trial`` chose it; in profiles of before, which have no trial, a range test
    gave it, and it is not advised any more.  ``probing`` are the probing tasks of a
    text target by name, of each its stages in order.
    """

    model: str
    data: str
    title: str
    image_size: int
    limit: int
    seed: int
    images: int
    available: int
    classes: tuple[str, ...]
    names: tuple[str, ...]
    labels: tuple[int, ...]
    chance: float
    stages: tuple[StageProfile, ...]
    similarity: tuple[tuple[float | None, ...], ...]
    shift_against: str
    has_batchnorm: bool
    head_lr: float | None
    advice: Advice
    summary: str
    notes: tuple[str, ...]
    duration_s: float
    forward_s: float
    probing: Mapping[str, tuple[ProbedTask, ...]] = field(default_factory=dict)
    rate_trial: RateTrial | None = None

    def to_json(self) -> dict[str, Any]:
        """Return everything as JSON values; the probing tasks where there are any."""
        values = asdict(self)
        return values if self.probing else {name: value for name, value in values.items() if name != "probing"}

    @classmethod
    def from_json(cls, values: Mapping[str, Any]) -> Self:
        """Rebuild a profile from ``to_json``.  Raises ``KeyError``, ``TypeError`` or ``ValueError``."""
        lists = {name: tuple(values[name]) for name in ("classes", "names", "labels", "notes")}
        stages = tuple(StageProfile.from_json(stage) for stage in values["stages"])
        similarity = tuple(tuple(row) for row in values["similarity"])
        advice = Advice.from_json(values["advice"])
        probing = {
            str(task): tuple(ProbedTask(**row) for row in rows) for task, rows in (values.get("probing") or {}).items()
        }
        trial = RateTrial.from_json(values["rate_trial"]) if values.get("rate_trial") else None
        made = {"stages": stages, "similarity": similarity, "advice": advice, "probing": probing, "rate_trial": trial}
        return cls(**{**values, **lists, **made})


@dataclass(frozen=True, slots=True)
class Contest:
    """One network against the best one on the same images.

    ``probe`` is the accuracy at its best stage ``stage``; ``behind`` is how far that stays behind the best network's,
    with the standard error of paired images; ``is_tied`` says that the difference may be noise (95%) or below a point.
    """

    model: str
    stage: str
    probe: float
    probe_se: float
    behind: float
    behind_se: float
    is_tied: bool

"""Small made-up profiles for tests of the figures and sentences about profiles."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

import numpy as np

from tlviz.diagnose.records import Advice, Candidate, Confidence, Profile, StageProfile

NAMES = ("stem", "body", "top")


def made_stage(
    name: str, probe: float, random: float, behind: float, places: Sequence[tuple[float, float]]
) -> StageProfile:
    count = len(places)
    right = round(probe * count)
    return StageProfile(
        name=name, width=8, probe=probe, probe_se=0.02, behind=behind, behind_se=0.01, random_probe=random,
        random_probe_se=0.02, gain=probe - random, gain_se=0.03, permuted_probe=0.3, permuted_high=0.4,
        knn=probe - 0.05, random_knn=random, transrate=0.1, separability=0.2, cka_to_random=0.5, effective_rank=4.0,
        random_effective_rank=2.0, intrinsic_dimension=3.0, shift=2.0, shift_raw=0.3, kid=5.0, kid_raw=0.01,
        relative_gradient=1.0 if name == "top" else 0.5, correct="1" * right + "0" * (count - right),
        places=tuple(places), explained=0.4,
    )  # fmt: skip


def made_profile(
    model: str = "squeezenet1_1",
    data: str = "clipart",
    probes: Sequence[float] = (0.5, 0.8, 0.7),
    names: Sequence[str] = NAMES,
    freeze: int = 2,
) -> Profile:
    """Return a profile of as many stages as there are probes, of twelve images in three classes."""
    generator = np.random.default_rng(0)
    labels = tuple(at % 3 for at in range(12))
    clouds = [generator.normal(size=(12, 2)) for _ in probes]
    stages = tuple(
        made_stage(name, probe, 0.4, max(probes) - probe, [(float(x), float(y)) for x, y in cloud])
        for name, probe, cloud in zip(names, probes, clouds, strict=True)
    )
    candidates = (Candidate("head_only", None, "Probe."), Candidate("last_stages", freeze, "Advised."))
    advice = Advice(
        freeze, "last_stages", 1e-3, 1e-4, Confidence.HIGH, candidates, ("The probe is best at body, 80 %.",),
        dict.fromkeys(names, 0.5),
    )  # fmt: skip
    count = len(stages)
    similarity = tuple(tuple(1.0 if a == b else 0.5 for b in range(count)) for a in range(count))
    return Profile(
        model=model, data=data, title=data.title(), image_size=128, limit=1000, seed=0, images=12, available=12,
        classes=("red", "green", "blue"), names=tuple(f"{label}/{at}.png" for at, label in enumerate(labels)),
        labels=labels, chance=1 / 3, stages=stages, similarity=similarity, shift_against="the bundled photographs",
        has_batchnorm=False, head_lr=1e-3, advice=advice, summary="General up to body, specific from top.", notes=(),
        duration_s=3.0, forward_s=1.0,
    )  # fmt: skip


def with_stage(profile: Profile, at: int, **changes: object) -> Profile:
    stages = list(profile.stages)
    stages[at] = replace(stages[at], **changes)
    return replace(profile, stages=tuple(stages))

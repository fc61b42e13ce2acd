"""What several targets show together is one sentence that follows from their gains."""

from __future__ import annotations

import pytest

from tests.profiles import made_profile, with_stage
from tlviz.diagnose.records import Profile
from tlviz.figures.target_words import compare_targets


def target(gain: float, error: float = 0.01, best: float = 0.8, permuted: float = 0.4) -> Profile:
    """Return a profile whose best stage, the body, gains this much over random weights."""
    profile = made_profile(probes=(0.5, best, 0.5))
    return with_stage(
        profile, 1, gain=gain, gain_se=error, random_probe=best - gain, permuted_high=permuted, probe_se=0.01
    )


PHOTOS = target(0.417, 0.02)


@pytest.mark.parametrize(
    ("profiles", "words"),
    [
        ([PHOTOS], "Pretraining is worth +41.7 ± 2.0 points over random weights at body on A."),
        (
            [target(0.3), PHOTOS],
            "Pretraining is worth most on B (+41.7 ± 2.0 points over random weights at body), less on A (+30.0 ± 1.0 "
            "at body).",
        ),
        (
            [target(0.4), PHOTOS, target(0.1)],
            "Pretraining is worth about as much on B (+41.7 ± 2.0 points over random weights at body) as on A (+40.0 ± "
            "1.0 at body), and less on C (+10.0 ± 1.0 at body).",
        ),
        (
            [PHOTOS, target(0.006, 0.005, best=0.98)],
            "Pretraining is worth +41.7 ± 2.0 points over random weights at body on A; on B pretraining adds almost "
            "nothing (+0.6 ± 0.5 points, random weights reach 97.4%).",
        ),
        (
            [target(0.05, 0.04), target(-0.1)],
            "On A pretraining adds nothing certain (+5.0 ± 4.0 points, random weights reach 75.0%); on B random "
            "weights do better (by 10.0 ± 1.0 points at body).",
        ),
        ([target(0.3, best=0.8, permuted=0.9)], "On A no stage is clearly above chance."),
    ],
)
def test_targets_are_compared_by_what_they_gain(profiles: list[Profile], words: str) -> None:
    assert compare_targets(profiles, "ABC"[: len(profiles)]) == words

"""What a profile says survives a round trip through JSON."""

from __future__ import annotations

from tests.unit.diagnose.test_advice import advised, planted
from tlviz.diagnose.records import Profile


def profile(model: str, correct: str, data: str = "target") -> Profile:
    stages = tuple(planted([0.5, correct.count("1") / len(correct)], correct=correct))
    count = len(correct)
    return Profile(
        *(model, data, data, 64, 1000, 0, count, count, ("x", "y"), tuple(f"{at:03}" for at in range(count))),
        *(tuple(at % 2 for at in range(count)), 0.5, stages, ((1.0, 0.5), (0.5, 1.0)), "", False, 0.01),
        *(advised(stages), "", (), 1.0, 1.0),
    )


def test_a_profile_survives_json() -> None:
    import json

    found = profile("one", "1101")
    assert Profile.from_json(json.loads(json.dumps(found.to_json()))) == found

"""What pretraining is worth on a target, on planted numbers: every verdict and its sentence."""

from __future__ import annotations

import pytest

from tests.unit.diagnose.planted import planted
from tlviz.diagnose.worth import Worth, summarise_stages, worth_of


@pytest.mark.parametrize(
    ("probe", "random", "error", "worth", "words"),
    [
        (
            *([0.8, 0.97, 0.9], [0.6, 0.964, 0.9], 0.005, Worth.LITTLE),
            "On these images pretraining adds almost nothing: +0.6 ± 0.5 points at b, where the probe is best; random "
            "weights reach 96.4% there. Pretraining adds most at a, +20.0 ± 0.5 points. The last stage costs "
            "accuracy, 7.0 ± 1.0 points at c against b.",
        ),
        (
            *([0.6, 0.7], [0.5, 0.64], 0.04, Worth.UNSURE),
            "On these images pretraining adds nothing certain: +6.0 ± 4.0 points at b, where the probe is best; random "
            "weights reach 64.0% there. Pretraining adds most at a, +10.0 ± 4.0 points. No stage costs accuracy.",
        ),
        (
            *([0.6, 0.9], [0.5, 0.96], 0.01, Worth.LOSS),
            "On these images random weights do better than pretrained ones, by 6.0 ± 1.0 points at b, where the "
            "probe is best. Pretraining adds most at a, +10.0 ± 1.0 points. No stage costs accuracy.",
        ),
        (
            *([0.6, 0.9], [0.5, 0.6], 0.01, Worth.GAIN),
            "Pretraining is worth +30.0 ± 1.0 points over random weights at b, where the probe is best. General up to "
            "b, the last stage before the head: no stage costs accuracy.",
        ),
    ],
)
def test_the_summary_says_first_what_pretraining_is_worth(
    probe: list[float], random: list[float], error: float, worth: Worth, words: str
) -> None:
    stages = planted(probe, random, gain_se=error)
    assert worth_of(stages, 0.25) is worth
    assert summarise_stages(stages, 0.25, has_batchnorm=False) == words
    assert worth_of(planted([0.26, 0.28]), 0.25) is Worth.UNKNOWN


def test_several_stages_that_cost_are_counted() -> None:
    told = summarise_stages(planted([0.9, 0.6, 0.5]), 0.25, has_batchnorm=False)
    assert "General up to a, specific from b: the last 2 stages cost accuracy, 40.0 ± 1.0 points at c against a" in told

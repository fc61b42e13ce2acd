"""The rule of the advice, on planted numbers."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

import pytest

from tests.unit.diagnose.planted import planted
from tlviz.diagnose.advice import advise, freeze_depth, general_depth
from tlviz.diagnose.records import Advice, Confidence, RateTrial, StageProfile
from tlviz.diagnose.worth import summarise_stages
from tlviz.finetune.choices import BatchNorm
from tlviz.finetune.config import configure
from tlviz.finetune.plan import plan_phases
from tlviz.models.catalogue import find_model
from tlviz.models.load import architecture_stages


def tried(chosen: float, gain: float) -> RateTrial:
    return RateTrial((3e-4, 1e-3, 3e-3), (0.7, 0.8, 0.8 + gain), chosen, gain, 0.01)


HIGHER = tried(3e-3, 0.05)


def advised(stages: Sequence[StageProfile], trial: RateTrial | None = HIGHER, *, has_batchnorm: bool = True) -> Advice:
    return advise(stages, chance=0.25, trial=trial, has_batchnorm=has_batchnorm)


def entrants(advice: Advice) -> list[tuple[str, int | None]]:
    return [(candidate.strategy, candidate.freeze) for candidate in advice.candidates]


def test_the_source_as_its_own_target_freezes_everything() -> None:
    advice = advised(planted([0.4, 0.6, 0.8, 0.9]))
    assert (advice.freeze, advice.strategy, advice.confidence) == (4, "head_only", Confidence.HIGH)
    assert (advice.head_lr, advice.backbone_lr) == (3e-3, 1e-4)
    assert entrants(advice) == [("head_only", 4), ("last_stages", 3), ("two_phase", None), ("full", 0)]
    assert advice.rate_factors == {"a": 0, "b": 0, "c": 0, "d": 0}
    assert "no stage costs accuracy" in summarise_stages(planted([0.4, 0.6, 0.8, 0.9]), 0.25, has_batchnorm=False)


def test_specific_stages_at_the_end_are_tuned() -> None:
    stages = planted([0.4, 0.9, 0.895, 0.7])
    advice = advised(stages)
    assert (advice.freeze, advice.strategy) == (3, "last_stages"), "half a point is no difference"
    assert advice.rate_factors == {"a": 0, "b": 0, "c": 0, "d": 0.5}
    assert entrants(advice) == [
        *(("last_stages", 3), ("last_stages", 2), ("head_only", 4), ("two_phase", None), ("full", 0)),
    ]
    assert summarise_stages(stages, 0.25, has_batchnorm=False) == (
        "Pretraining is worth +60.0 ± 1.0 points over random weights at b, where the probe is best. General up to c, "
        "specific from d: the last stage costs accuracy, 20.0 ± 1.0 points at d against b."
    )
    assert "From d on accuracy falls behind, by 20.0 ± 1.0 points" in " ".join(advice.reasons)


def test_on_images_unlike_the_source_the_later_half_is_tuned() -> None:
    far = planted([0.4, 0.6, 0.8, 0.9], kid=30.0)
    assert general_depth(far) == 4
    advice = advised(far, has_batchnorm=False)
    assert (advice.freeze, advice.strategy) == (2, "last_stages")
    assert advised(far, has_batchnorm=True).freeze == 3
    assert "so at most 2 of 4 stages stay frozen" in " ".join(advice.reasons)
    assert "later stages gain nothing" not in " ".join(advice.reasons)
    assert advised(planted([0.9, 0.6, 0.5, 0.4], kid=30.0)).freeze == 1
    assert "no stage costs accuracy. These images differ from the source's" in summarise_stages(
        far, 0.25, has_batchnorm=False
    )
    assert advised(planted([0.9], kid=30.0)).freeze == 1, "a network of one stage has no half"
    near = [replace(stage, kid=30.0 if stage.name == "d" else 0.0) for stage in planted([0.4, 0.6, 0.8, 0.9])]
    assert freeze_depth(near, has_batchnorm=False) == 2, "one stage that sees them apart is enough"


def test_a_difference_within_its_standard_error_is_none() -> None:
    stages = planted([0.4, 0.9, 0.86])
    assert general_depth(stages) == 2
    assert general_depth([replace(stage, behind_se=0.05) for stage in stages]) == 3


def test_stages_worth_no_more_than_random_ones_are_not_frozen() -> None:
    stages = planted([0.6, 0.8, 0.9, 0.9], random=[0.4, 0.5, 0.895, 0.91])
    assert general_depth(stages) == 4
    assert freeze_depth(stages, has_batchnorm=False) == 2
    assert "later stages gain nothing, so only the first 2 stay frozen" in " ".join(advised(stages).reasons)
    nothing = planted([0.8, 0.9, 0.3, 0.3], random=[0.8, 0.9, 0.2, 0.2])
    advice = advised(nothing)
    assert (advice.freeze, advice.strategy) == (0, "full")
    assert "so nothing stays frozen" in " ".join(advice.reasons)


@pytest.mark.parametrize(
    ("stages", "words", "than"),
    [
        (planted([0.26, 0.28, 0.29]), "hardly above the 25.0% of guessing", "chance"),
        (planted([0.5, 0.6, 0.6], permuted_high=0.62), "permuted labels reach 62.0%", "chance"),
        (planted([0.6, 0.7, 0.8], random=[0.6, 0.7, 0.81]), "gains at most 0.0 ± 1.0 points", "random weights"),
    ],
)
def test_without_a_signal_everything_races(stages: list[StageProfile], words: str, than: str) -> None:
    advice = advised(stages)
    assert advice.confidence is Confidence.NONE
    assert words in advice.reasons[0]
    told = "No reliable transfer signal: on these images no stage is worth clearly more than"
    assert summarise_stages(stages, 0.25, has_batchnorm=False) == f"{told} {than}."
    assert {strategy for strategy, _ in entrants(advice)} >= {"two_phase", "head_only", "full", "from_scratch"}


def test_a_shift_at_the_stem_brings_the_first_stage_into_the_race() -> None:
    advice = advised(planted([0.4, 0.6, 0.8], shift=[3, 1, 0.5]))
    first, statistics = advice.candidates[-2:]
    assert (first.strategy, first.frozen) == ("last_stages", ("b", "c"))
    assert (statistics.strategy, statistics.batchnorm) == ("head_only", "reestimate")
    assert "3.00 standard deviations of the source" in " ".join(advice.reasons)
    without = advised(planted([0.4, 0.6, 0.8], shift=[3, 1, 0.5]), has_batchnorm=False)
    assert [candidate.batchnorm for candidate in without.candidates] == ["frozen"] * 5
    for shift in ([1, 3, 0.5], [0.05, 0.02, 0.01], None):
        advice = advised(planted([0.4, 0.6, 0.8], shift=shift))
        assert not any(candidate.frozen for candidate in advice.candidates), shift


@pytest.mark.parametrize("probe", [[0.2] * 9, [0.4, 0.5, 0.6, 0.9, 0.9, 0.8, 0.7, 0.6, 0.6]])
def test_every_candidate_is_a_run_that_can_start(probe: list[float]) -> None:
    network = architecture_stages(find_model("squeezenet1_1"), 4)
    stages = [
        replace(stage, name=real.name)
        for stage, real in zip(planted(probe, shift=[3, *[0.1] * 8]), network[:-1], strict=True)
    ]
    for entrant in advised(stages).candidates:
        chosen = {"freeze": entrant.freeze, "frozen": entrant.frozen, "batchnorm": BatchNorm(entrant.batchnorm)}
        config = configure("squeezenet1_1", "photos", entrant.strategy, **chosen)
        last = plan_phases(config, network)[-1]
        if entrant.freeze is not None:
            assert len(last.frozen) == entrant.freeze, entrant
        if entrant.frozen is not None:
            assert [network[at].name for at in sorted(last.frozen)] == list(entrant.frozen), entrant


def test_confidence_is_high_only_where_the_measures_agree() -> None:
    stages = planted([0.4, 0.6, 0.8, 0.9])
    near = [replace(stage, knn=1 if stage.name == "c" else 0) for stage in stages]
    far = [replace(stage, transrate=1 if stage.name == "b" else 0) for stage in stages]
    assert advised(near).confidence is Confidence.HIGH
    assert advised(far).confidence is Confidence.LOW
    assert "best at d, d and b, 2 stages apart, so the confidence is low" in " ".join(advised(far).reasons)


@pytest.mark.parametrize("trial", [None, tried(1e-3, 0.0)])
def test_every_reason_is_one_sentence_and_without_a_better_rate_the_course_s_stand(trial: RateTrial | None) -> None:
    advice = advised(planted([0.4, 0.6, 0.8], shift=[3, 1, 0.5]), trial)
    assert (advice.head_lr, advice.backbone_lr) == (1e-3, 1e-4)
    assert "The rates are the course's" in advice.reasons[-1]
    assert all(reason.endswith(".") and ". " not in reason for reason in advice.reasons)
    assert Advice.from_json(advice.to_json()) == advice

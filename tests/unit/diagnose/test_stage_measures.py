"""What a profile says of features that know nothing: the same at every width, so that deep stages gain nothing."""

from __future__ import annotations

import numpy as np
import pytest
from threadpoolctl import threadpool_limits

from tlviz.diagnose.advice import has_signal
from tlviz.diagnose.features import Features
from tlviz.diagnose.records import StageProfile
from tlviz.diagnose.stage_measures import Evidence, against_best, measure_stage
from tlviz.measures.probe import probe_equalised

IMAGES, CLASSES, DRAWS = 80, 4, 12
WIDTHS = (100, 256, 1024, 4096)
LABELS = np.arange(IMAGES) % CLASSES
TOLERANCES = {
    "probe": 0.05, "permuted_probe": 0.04, "random_probe": 0.05, "gain": 0.08, "knn": 0.06, "random_knn": 0.06,
    "transrate": 0.01, "separability": 0.003, "cka_to_random": 0.01, "kid": 1.2, "shift": 0.4,
}  # fmt: skip
"""How far the mean over the draws may be from what nothing gives, in each measure's unit."""
NOTHING = dict.fromkeys(TOLERANCES, 0.0) | dict.fromkeys(
    ("probe", "permuted_probe", "random_probe", "knn", "random_knn"), 1 / CLASSES
)


def drawn(width: int, seed: int) -> Features:
    return np.random.default_rng(seed).normal(size=(IMAGES, width)).astype(np.float32)


@pytest.fixture(scope="module")
def profiles() -> list[list[StageProfile]]:
    """Return a made-up network's stages, one a width, of several draws; every width has more dimensions than images."""
    with threadpool_limits(1, "blas"):
        return [
            [
                measure_stage(
                    Evidence(
                        name=str(width),
                        target=drawn(width, 3 * seed),
                        randoms=[drawn(width, 3 * seed + 1)],
                        photographs=drawn(width, 3 * seed + 2),
                        shift=None,
                        has_batchnorm=False,
                        relative_gradient=1.0,
                    ),
                    LABELS,
                    seed,
                )
                for width in WIDTHS
            ]
            for seed in range(DRAWS)
        ]


@pytest.mark.parametrize("measure", TOLERANCES)
def test_no_measure_has_a_trend_over_depth(profiles: list[list[StageProfile]], measure: str) -> None:
    values = np.array([[getattr(stage, measure) for stage in stages] for stages in profiles])
    means = values.mean(0) - NOTHING[measure]
    assert np.abs(means).max() < TOLERANCES[measure], means
    assert abs(np.polyfit(np.arange(len(WIDTHS)), means, 1)[0]) < TOLERANCES[measure] / 2, means


def test_hardly_any_draw_is_called_a_signal(profiles: list[list[StageProfile]]) -> None:
    """Against five permutations two of these draws would be."""
    told = [has_signal(against_best(stages, LABELS), 1 / CLASSES) for stages in profiles]
    assert sum(told) <= 1


def test_a_probe_near_guessing_is_held_against_more_permutations_than_a_clear_one(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    asked: list[int] = []

    def counted(scores: object, labels: object, groups: object = None) -> object:
        asked.append(1)
        return probe_equalised(scores, labels)  # type: ignore[arg-type]

    monkeypatch.setattr("tlviz.diagnose.stage_measures.probe_equalised", counted)
    noise = drawn(100, 0)
    for features, expected in ((noise, 19), (noise + 9 * np.eye(100, dtype=np.float32)[LABELS], 5)):
        asked.clear()
        measure_stage(Evidence("x", features, [noise], None, None, True, 1.0), LABELS, 0)
        assert len(asked) == expected


def _stage(target: Features, randoms: list[Features], groups: np.ndarray | None = None) -> StageProfile:
    return measure_stage(Evidence("x", target, randoms, None, None, True, 1.0), LABELS, 0, groups)


def test_a_stage_that_does_not_vary_is_chance_and_does_not_hide_the_others() -> None:
    """Rounding noise on a constant is no feature, nor is a stage of zeros."""
    rounded = (np.full((IMAGES, 30), 3.7) * (1 + 1e-7 * drawn(30, 5))).astype(np.float32)
    good = drawn(100, 0) + 9 * np.eye(100, dtype=np.float32)[LABELS]
    for dead in (np.zeros((IMAGES, 30), np.float32), rounded):
        stage = _stage(dead, [drawn(30, 1)])
        assert stage.probe == stage.knn == stage.permuted_probe == 1 / CLASSES
        assert stage.gain <= 2 * stage.gain_se
        assert has_signal(against_best([_stage(good, [drawn(100, 1)]), stage], LABELS), 1 / CLASSES)


def test_random_weights_are_the_mean_of_their_draws_with_their_spread() -> None:
    draws = [drawn(40, seed) + seed * np.eye(40, dtype=np.float32)[LABELS] for seed in range(3)]
    alone = [_stage(draws[0], [draw]).random_probe for draw in draws]
    stage = _stage(draws[0], draws)
    assert stage.random_probe == pytest.approx(np.mean(alone))
    assert stage.random_spread == pytest.approx(np.std(alone, ddof=1))
    assert stage.random_spread > 0.05
    assert stage.random_probe_se >= stage.random_spread / 3**0.5
    assert stage.gain_se >= stage.random_spread / 3**0.5


def test_copies_are_left_out_together() -> None:
    """Each picture twice, with labels that mean nothing: its copy would give it away."""
    features = np.repeat(drawn(300, 0)[:40], 2, axis=0)
    labels = np.repeat(np.random.default_rng(0).permutation(40) % CLASSES, 2)
    evidence = Evidence("x", features, [drawn(300, 1)], None, None, True, 1.0)
    assert measure_stage(evidence, labels, 0).probe > 0.9
    stage = measure_stage(evidence, labels, 0, np.repeat(np.arange(40), 2))
    assert stage.probe < 0.45
    assert stage.knn < 0.45


def test_near_chance_the_error_is_at_least_what_permutations_show() -> None:
    stages = [_stage(drawn(100, seed), [drawn(100, seed + 50)]) for seed in range(6)]
    assert np.mean([stage.probe_se for stage in stages]) > 0.043, "the binomial error of 80 images is 0.048"
    assert min(stage.random_probe_se for stage in stages) > 0.03

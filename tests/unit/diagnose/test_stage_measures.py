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
                        random=drawn(width, 3 * seed + 1),
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

    def counted(scores: object, labels: object) -> object:
        asked.append(1)
        return probe_equalised(scores, labels)  # type: ignore[arg-type]

    monkeypatch.setattr("tlviz.diagnose.stage_measures.probe_equalised", counted)
    noise = drawn(100, 0)
    for features, expected in ((noise, 19), (noise + 9 * np.eye(100, dtype=np.float32)[LABELS], 5)):
        asked.clear()
        measure_stage(Evidence("x", features, noise, None, None, True, 1.0), LABELS, 0)
        assert len(asked) == 2 + expected

"""What counts as the same answer, and what is said where it is not."""

from __future__ import annotations

import numpy as np
import pytest

from tlviz.export.checking.own_answers import OwnAnswers
from tlviz.export.checking.process import FileAnswers
from tlviz.export.checking.verdict import Check, CheckStatus, Pictures, judge

LOGITS = np.array([[3, 0], [0, 3], [2, 1], [1, 2]], np.float32)


def asked(right: list[bool] | None = None, changed: tuple[int, ...] = ()) -> Pictures:
    """Three validation pictures, the last of them wrong, and one odd rendering."""
    none = np.zeros(4, np.uint32)
    return Pictures(
        names=("a", "b", "c", "EXIF 3, of a"),
        labels=np.array([0, 1, 1]),
        own=OwnAnswers(np.arange(4), LOGITS, none, none),
        right=np.array(right) if right is not None else None,
        changed=np.isin(np.arange(3), changed),
        validation_images=5,
    )


def answers(logits: np.ndarray, rows: tuple[int, ...] = (0, 1, 2, 3)) -> FileAnswers:
    return FileAnswers(None, np.array(rows), logits.astype(np.float32), {"1": 2.0, "32": 9.0})


def test_the_same_answers_pass_and_are_counted() -> None:
    check = judge(asked([True, True, False]), answers(LOGITS), {}, 1e-6)
    assert check.status is CheckStatus.PASSED
    assert (check.top1_agreement, check.max_logit_difference) == (1.0, 0.0)
    assert (check.images, check.validation_images, check.odd_renderings) == (3, 5, 1)
    assert check.accuracy == pytest.approx(2 / 3)
    assert check.run_accuracy == pytest.approx(2 / 3)
    assert check.latency_ms == {"1": 2.0, "32": 9.0}


@pytest.mark.parametrize(("limit", "status"), [(1e-4, CheckStatus.FAILED), (1e-2, CheckStatus.PASSED)])
def test_the_largest_difference_counts(limit: float, status: CheckStatus) -> None:
    check = judge(asked(), answers(LOGITS + np.array([0, 0.001])), {}, limit)
    assert check.status is status
    assert check.max_logit_difference == pytest.approx(0.001, rel=1e-3)
    assert check.run_accuracy is None


def test_another_answer_for_an_odd_rendering_fails_and_names_it() -> None:
    check = judge(asked(), answers(LOGITS * np.array([[1], [1], [1], [-1]])), {}, 10.0)
    assert check.status is CheckStatus.PASSED, "within ten, either is the best"
    check = judge(asked(), answers(LOGITS * np.array([[1], [1], [1], [-1]])), {}, 1e-4)
    assert check.status is CheckStatus.FAILED
    assert check.top1_agreement == 0.75
    assert check.reason == "1 of 4 pictures get another answer than in tlviz: EXIF 3, of a."


def test_lower_precision_has_its_cost_said() -> None:
    check = judge(asked([True, True, True]), answers(LOGITS * np.array([[1], [1], [1], [-1]])), {}, None)
    assert check.status is CheckStatus.PASSED
    assert check.notes[-1] == (
        "Lower precision: 75.0% of the answers are those of the run, and its accuracy is 66.7%, -33.3 points."
    )


def test_an_accuracy_that_is_not_reproduced_fails() -> None:
    check = judge(asked([True, True, True]), answers(LOGITS), {}, 1e-6)
    assert check.status is CheckStatus.FAILED
    assert check.reason == "Its accuracy on the run's pictures is 66.7%; the run's was 100.0%."


def test_changed_pictures_do_not_count_for_the_accuracy() -> None:
    check = judge(asked([True, True, True], changed=(2,)), answers(LOGITS), {}, 1e-6)
    assert check.status is CheckStatus.PASSED
    assert (check.accuracy, check.run_accuracy) == (1.0, 1.0)
    assert judge(asked([True] * 3, changed=(0, 1, 2)), answers(LOGITS), {}, 1e-6).run_accuracy is None


def test_pictures_that_it_cannot_read_fail() -> None:
    check = judge(asked(), answers(LOGITS[:3], (0, 1, 2)), {3: "ValueError: no"}, 1e-6)
    assert check.status is CheckStatus.FAILED
    assert check.reason == "It cannot read 1 of 4 pictures: EXIF 3, of a (ValueError: no)."


@pytest.mark.parametrize("limit", [1e-6, None])
def test_numbers_that_are_none_and_other_shapes_fail(limit: float | None) -> None:
    check = judge(asked(), answers(LOGITS * np.nan), {}, limit)
    assert check.top1_agreement == 0
    assert check.to_json()["max_logit_difference"] is None
    assert judge(asked(), answers(LOGITS[:, :1]), {}, limit).reason == "It gives 1 logits; the run has 2 classes."
    broken = FileAnswers("OSError: gone", np.empty(0, np.int64), np.empty((0, 0), np.float32), {})
    assert judge(asked(), broken, {}, limit).reason == "It cannot be used: OSError: gone."


def test_a_check_is_plain_json() -> None:
    told = Check(CheckStatus.NOT_RUN, "why").to_json()
    assert told["status"] == "not run"
    assert told["top1_agreement"] is None
    assert told["latency_ms"] == {}

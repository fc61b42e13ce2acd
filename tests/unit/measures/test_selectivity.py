"""Class selectivity against numbers worked out by hand."""

from __future__ import annotations

import numpy as np
import pytest

from tlviz.measures.selectivity import class_selectivity


def test_known_answers() -> None:
    means = np.array([[4.0, 0.0, 0.0], [2.0, 2.0, 2.0], [3.0, 1.0, 1.0], [6.0, 2.0, 4.0]])
    # (6 - 3) / (6 + 3): the rest is the mean of 2 and 4
    assert class_selectivity(means) == pytest.approx([1.0, 0.0, 0.5, 1 / 3])


def test_scale_and_the_order_of_classes_do_not_matter() -> None:
    means = np.random.default_rng(0).random((50, 6))
    found = class_selectivity(means)
    assert class_selectivity(means[:, ::-1] * 7) == pytest.approx(found)
    assert ((found >= 0) & (found <= 1)).all()


def test_more_for_the_preferred_class_is_more_selective() -> None:
    rising = np.stack([np.array([1 + step, 1.0, 0.5]) for step in range(10)])
    assert (np.diff(class_selectivity(rising)) > 0).all()


def test_a_silent_channel_has_no_preference_to_speak_of() -> None:
    found = class_selectivity(np.array([[0.0, 0.0], [1.0, 0.0]]))
    assert np.isnan(found[0])
    assert found[1] == 1


@pytest.mark.parametrize("means", [np.ones(3), np.ones((3, 1)), np.array([[1.0, -0.1]])])
def test_what_has_no_meaning_is_refused(means: np.ndarray) -> None:
    with pytest.raises(ValueError, match="means"):
        class_selectivity(means)

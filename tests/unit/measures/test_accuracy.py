"""Known answers of accuracy and its standard error."""

from __future__ import annotations

import numpy as np
import pytest
import torch
from scipy.stats import binomtest
from sklearn.metrics import f1_score

from tlviz.measures.accuracy import accuracy, interval, macro_f1, standard_error


def test_accuracy_by_hand() -> None:
    logits = torch.tensor([[2.0, 1.0], [0.0, 3.0], [5.0, 4.0], [1.0, 2.0]])
    assert accuracy(logits, torch.tensor([0, 1, 1, 0])) == 0.5


@pytest.mark.parametrize(
    ("right", "count", "low", "high"),
    [(16, 16, 16 / 17, 1.0), (0, 16, 0.0, 1 / 17), (1, 1, 0.5, 1.0), (0, 1, 0.0, 0.5), (50, 100, 0.450248, 0.549752)],
)
def test_one_standard_error_by_hand(right: int, count: int, low: float, high: float) -> None:
    assert interval(right / count, count) == pytest.approx((low, high), abs=1e-6)
    share = right / count
    assert standard_error(share, count) == pytest.approx(max(share - low, high - share), abs=1e-6)


def test_the_interval_is_scipys_and_holds_what_it_says() -> None:
    for right, count in ((0, 5), (3, 10), (16, 16), (120, 200)):
        expected = binomtest(right, count).proportion_ci(0.95, "wilson")
        assert interval(right / count, count, 1.959964) == pytest.approx((expected.low, expected.high), abs=1e-6)
    drawn = np.random.default_rng(0).binomial(16, 0.95, 20_000)
    held = [low <= 0.95 <= high for low, high in (interval(right / 16, 16, 1.959964) for right in drawn)]
    assert np.mean(held) > 0.93


def test_standard_error_is_the_binomial_one_with_many_images_and_never_nothing() -> None:
    drawn = np.random.default_rng(0).binomial(2000, 0.8, 20_000) / 2000
    assert standard_error(0.8, 2000) == pytest.approx(drawn.std(), rel=0.03)
    assert standard_error(1.0, 16) == pytest.approx(1 / 17)
    assert all(standard_error(share, 10**6) > 0 for share in (0.0, 1.0))
    with pytest.raises(ValueError, match="at least one image"):
        standard_error(0.5, 0)


def test_macro_f1_is_scikit_learns() -> None:
    generator = torch.Generator().manual_seed(0)
    logits = torch.randn(200, 6, generator=generator)
    logits[:, 4:] -= 100  # two classes that are never guessed, one of them without images
    labels = torch.randint(0, 5, (200,), generator=generator)
    expected = f1_score(labels, logits.argmax(1), average="macro", zero_division=0)
    assert macro_f1(logits, labels) == pytest.approx(expected)
    assert macro_f1(torch.eye(3), torch.arange(3)) == 1

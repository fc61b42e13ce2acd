"""Known answers of accuracy and its standard error."""

from __future__ import annotations

import numpy as np
import pytest
import torch
from sklearn.metrics import f1_score

from tlviz.measures.accuracy import accuracy, macro_f1, standard_error


def test_accuracy_by_hand() -> None:
    logits = torch.tensor([[2.0, 1.0], [0.0, 3.0], [5.0, 4.0], [1.0, 2.0]])
    assert accuracy(logits, torch.tensor([0, 1, 1, 0])) == 0.5


def test_standard_error_by_hand_and_by_simulation() -> None:
    assert standard_error(0.5, 100) == 0.05
    assert standard_error(1.0, 7) == 0
    drawn = np.random.default_rng(0).binomial(200, 0.8, 20_000) / 200
    assert standard_error(0.8, 200) == pytest.approx(drawn.std(), rel=0.02)
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

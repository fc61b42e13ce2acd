"""Known answers of the kernel distance between sets of images."""

from __future__ import annotations

import numpy as np
import pytest

from tlviz.measures.kid import kid, kid_noise, noise_between

Floats = np.ndarray[tuple[int, ...], np.dtype[np.float64]]


def normal(count: int, width: int, seed: int = 0) -> Floats:
    return np.random.default_rng(seed).normal(size=(count, width))


def test_kid_is_nought_within_its_noise_for_halves_and_is_the_formula() -> None:
    one, two = normal(5, 3), normal(4, 3, 1)
    first = np.mean([(one[i] @ one[j] / 3 + 1) ** 3 for i in range(5) for j in range(5) if i != j])
    second = np.mean([(two[i] @ two[j] / 3 + 1) ** 3 for i in range(4) for j in range(4) if i != j])
    across = np.mean([(x @ y / 3 + 1) ** 3 for x in one for y in two])
    assert kid(one, two) == pytest.approx(first + second - 2 * across)
    values = np.array([kid(normal(100, 200, seed), normal(100, 200, seed + 50)) for seed in range(40)])
    assert abs(values.mean()) < 3 * values.std() / np.sqrt(40), "unbiased, where the Frechet distance is not"
    noise = noise_between(kid_noise(normal(200, 200), 0), 200, 100, 100)
    assert noise == pytest.approx(np.sqrt((values**2).mean()), rel=0.35)
    with pytest.raises(ValueError, match="two images on each side; got 1 and 5"):
        kid(one[:1], one)

"""Differences with known errors."""

from __future__ import annotations

import math

import numpy as np
import pytest

from tlviz.measures.paired import difference_error, mean_and_error, normal_95, pack_hits, t_95, unpack_hits


def test_mean_and_error_by_hand() -> None:
    mean, error = mean_and_error([0.8, 0.9, 1.0])
    assert mean == pytest.approx(0.9)
    assert error == pytest.approx(0.1 / math.sqrt(3))
    assert mean_and_error([0.5]) == (0.5, None)


# Two-sided 95% quantiles of Student's t for 1 to 30 degrees of freedom, as statistical tables print them.
PRINTED = (
    12.7062, 4.30265, 3.18245, 2.77645, 2.57058, 2.44691, 2.36462, 2.30600, 2.26216, 2.22814,
    2.20099, 2.17881, 2.16037, 2.14479, 2.13145, 2.11991, 2.10982, 2.10092, 2.09302, 2.08596,
    2.07961, 2.07387, 2.06866, 2.06390, 2.05954, 2.05553, 2.05183, 2.04841, 2.04523, 2.04227,
)  # fmt: skip


def test_students_quantiles_are_the_printed_ones() -> None:
    assert [t_95(degrees) for degrees in range(1, 31)] == pytest.approx(PRINTED, rel=3e-6)
    assert t_95(100_000) == pytest.approx(normal_95(), abs=1e-4)
    assert normal_95() == pytest.approx(1.959964)
    assert normal_95(5) == pytest.approx(2.575829), "0.5 % on either side"


def test_only_images_that_one_of_two_gets_right_count() -> None:
    first = np.array([1, 1, 1, 1, 1, 1, 0, 0, 0, 0], bool)
    second = np.array([1, 1, 1, 0, 0, 0, 1, 0, 0, 0], bool)
    assert difference_error(first, second) == pytest.approx(math.sqrt(3 + 1 - 2**2 / 10) / 10)
    assert difference_error(first, first) == 0
    differences = first.astype(float) - second
    assert difference_error(first, second) == pytest.approx(differences.std() / math.sqrt(10))


@pytest.mark.parametrize("count", [1, 7, 8, 73])
def test_hits_come_back(count: int) -> None:
    hits = np.random.default_rng(count).random(count) < 0.5
    again = unpack_hits(pack_hits(hits), count)
    assert again is not None
    assert (again == hits).all()


@pytest.mark.parametrize(("text", "count"), [("", 3), ("zz", 3), ("ff", 9), ("ff", 0)])
def test_what_is_not_hits_is_none(text: str, count: int) -> None:
    assert unpack_hits(text, count) is None

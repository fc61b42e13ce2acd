"""A pass is made once for the same network and pictures, and comes back from disk as it was."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest

from tlviz.diagnose.feature_cache import cached_pass
from tlviz.diagnose.stage_pass import Shift, StagePass

PIXELS = np.arange(2 * 4 * 4 * 3, dtype=np.uint8).reshape(2, 4, 4, 3)
PASS = StagePass(
    {"stem": np.array([[1, 2], [3, 4]], np.float32), "block": np.array([[0.5], [-1]], np.float32)},
    {"stem": Shift(0.25, 0.125)},
    1.5,
)


def counted(made: list[int]) -> Callable[[], StagePass]:
    def run() -> StagePass:
        made.append(1)
        return PASS

    return run


def test_a_pass_comes_back_from_disk_as_it_was() -> None:
    made: list[int] = []
    cached_pass("one", PIXELS, counted(made))
    again = cached_pass("one", PIXELS, counted(made))
    assert len(made) == 1
    assert list(again.features) == ["stem", "block"]
    for name, values in PASS.features.items():
        np.testing.assert_array_equal(again.features[name], values)
    assert (again.shifts, again.forward_s) == (PASS.shifts, 1.5)


@pytest.mark.parametrize(
    ("identity", "pixels"),
    [("two", PIXELS), ("one", PIXELS + 1), ("one", PIXELS.reshape(1, 8, 4, 3))],
    ids=["another network", "other pictures", "another shape"],
)
def test_what_decides_a_pass_decides_its_file(identity: str, pixels: np.ndarray) -> None:
    made: list[int] = []
    cached_pass("one", PIXELS, counted(made))
    cached_pass(identity, pixels, counted(made))
    assert len(made) == 2


def test_a_file_without_its_parts_is_made_again(home: Path) -> None:
    made: list[int] = []
    cached_pass("one", PIXELS, counted(made))
    (file,) = (home / "cache" / "features").glob("*.npz")
    np.savez(file, other=np.zeros(1))
    assert cached_pass("one", PIXELS, counted(made)).shifts == PASS.shifts
    assert len(made) == 2

"""What a person decides about deep pictures, written and read back."""

from __future__ import annotations

import pytest

from tlviz.data.pixels.depth import AS_STORED, Depth, in_words
from tlviz.errors import BadSettingError


@pytest.mark.parametrize(
    ("written", "read"),
    [
        ((None, None, None), AS_STORED),
        (("0:4095", None, None), Depth((0, 4095))),
        (("-1.5 : 2e3", "4, 3,2", -9999.0), Depth((-1.5, 2000), (4, 3, 2), -9999)),
        ((None, "5", None), Depth(None, (5, 5, 5))),
    ],
)
def test_what_is_written_is_read_and_survives_its_own_forms(written: tuple, read: Depth) -> None:  # type: ignore[type-arg]
    assert Depth.from_text(*written) == read
    assert Depth.from_json(read.to_json()) == read
    text = {"value_range": None, "bands": None, "no_data": None} | read.to_text()
    assert Depth.from_text(**text) == read


@pytest.mark.parametrize("text", ["5:1", "0", "a:b", "0:1:2", "", "nan:1", "0:inf", "1:1"])
def test_no_range(text: str) -> None:
    with pytest.raises(BadSettingError, match="as in 0:4095"):
        Depth.from_text(text, None, None)


@pytest.mark.parametrize("text", ["", "1,2", "1,2,3,4", "r,g,b", "0,1,2", "1,2,9999", "1.5"])
def test_no_bands(text: str) -> None:
    with pytest.raises(BadSettingError, match="as in 4,3,2"):
        Depth.from_text(None, text, None)


def test_exact_numbers_survive_the_text_of_a_setting() -> None:
    depth = Depth((0.1 + 0.2, 1e-7 + 1), None, -3.4028234663852886e38)
    assert Depth.from_text(*(depth.to_text().get(name) for name in ("value_range", "bands", "no_data"))) == depth
    assert in_words(Depth((0, 4095))) == "values from 0 to 4,095 became 0 to 255"

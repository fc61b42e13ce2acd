"""What a network says of itself."""

from __future__ import annotations

from dataclasses import replace

import pytest

from tlviz.errors import BadSettingError
from tlviz.finetune.config import configure
from tlviz.models.catalogue import MODELS
from tlviz.models.spec import Sizing, check_size


def test_a_size_that_a_network_cannot_take_is_one_sentence() -> None:
    with pytest.raises(BadSettingError, match=r"pixels or more in steps of 32, best 224; the image size is 100"):
        configure("vit_b_32", "photos", "head_only", image_size=100)


@pytest.mark.parametrize(
    ("sizing", "side", "takes", "keywords"),
    [
        (Sizing.FREE, 64, True, {}),
        (Sizing.FREE, 63, False, {}),
        (Sizing.SIDE, 96, True, {"size": 96}),
        (Sizing.SIDE, 32, False, {"size": 32}),
        (Sizing.PAIR, 96, True, {"size": (96, 96)}),
        (Sizing.FIXED, 64, False, {}),
        (Sizing.FIXED, 224, True, {}),
    ],
)
def test_sides_of_64_and_more_in_steps_of_32_are_taken_unless_they_are_fixed(
    sizing: Sizing, side: int, takes: bool, keywords: dict[str, object]
) -> None:
    spec = replace(MODELS["squeezenet1_1"], sizing=sizing, size_argument="size", min_size=64, size_step=32)
    assert spec.preprocessing.size == 224
    assert (spec.takes(side), spec.size_keywords(side)) == (takes, keywords)


def test_a_network_of_one_size_says_which() -> None:
    spec = replace(MODELS["squeezenet1_1"], sizing=Sizing.FIXED)
    with pytest.raises(BadSettingError, match="only takes pictures of 224 pixels; image size is 96, set it to 224"):
        check_size(spec, 96)

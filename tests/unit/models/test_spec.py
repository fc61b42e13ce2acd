"""What a network says of itself."""

from __future__ import annotations

import pytest

from tlviz.errors import BadSettingError
from tlviz.finetune.config import configure


def test_a_size_that_a_network_cannot_take_is_one_sentence() -> None:
    with pytest.raises(BadSettingError, match=r"pixels or more in steps of 32, best 224; the image size is 100"):
        configure("vit_b_32", "photos", "head_only", image_size=100)

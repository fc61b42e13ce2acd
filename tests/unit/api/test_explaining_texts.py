"""Texts explained in Python: what is asked of a network for pictures, or by a wrong name, is told in a sentence."""

from __future__ import annotations

import pytest

import tlviz
from tlviz.errors import BadSettingError, TlvizError, UnknownNameError


def test_wrong_networks_and_names_are_told() -> None:
    with pytest.raises(UnknownNameError, match="grad_cam"):
        tlviz.attribute_text("all-MiniLM-L6-v2", "A film.", method="grad_cam", progress=False)
    with pytest.raises(BadSettingError, match=r"tlviz\.attribute"):
        tlviz.attribute_text("squeezenet1_1", "A film.", progress=False)
    with pytest.raises(TlvizError, match="no classes of its own"):
        tlviz.attribute_text("all-MiniLM-L6-v2", "A film.", progress=False)

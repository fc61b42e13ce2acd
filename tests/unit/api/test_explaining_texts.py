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


def test_a_text_is_seen_as_tokens_heads_and_squares() -> None:
    seen = tlviz.look_at_text("all-MiniLM-L6-v2", "A great film.")
    assert seen.tokens == ("[CLS]", "a", "great", "film", ".", "[SEP]")
    assert len(seen.table()) == 6 * 12
    assert seen.figure("block2").data[0].z.shape == seen.figure("block2", head=3).data[0].z.shape == (6, 6)
    with pytest.raises(BadSettingError, match="heads 0 to 11"):
        seen.figure("block2", head=12)

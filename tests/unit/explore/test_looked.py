"""A look is remembered for its network and target, and a disk that refuses does not matter."""

from __future__ import annotations

import pytest

from tlviz.explore.looked import has_looked, note_look
from tlviz.home import cache_folder


def test_a_look_is_remembered_for_its_own_pair() -> None:
    assert not has_looked("squeezenet1_1", "clipart")
    note_look("squeezenet1_1", "clipart")
    note_look("squeezenet1_1", "clipart")
    assert has_looked("squeezenet1_1", "clipart")
    assert not has_looked("squeezenet1_1", "digits")
    assert not has_looked("tf_efficientnet_lite0", "clipart")
    assert len(list(cache_folder("looked").iterdir())) == 1


@pytest.mark.parametrize("data", ["/a folder/of pictures", "ünïcode", "a" * 5000, ""])
def test_any_target_may_be_looked_at(data: str) -> None:
    note_look("squeezenet1_1", data)
    assert has_looked("squeezenet1_1", data)


def test_a_disk_that_refuses_costs_only_the_tick() -> None:
    folder = cache_folder("looked")
    folder.parent.mkdir(parents=True)
    folder.write_bytes(b"in the way")
    note_look("squeezenet1_1", "clipart")
    assert not has_looked("squeezenet1_1", "clipart")

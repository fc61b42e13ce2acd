"""Stages lie on the axis of depth where their number, share or compute says."""

from __future__ import annotations

import pytest

from tlviz.figures.depth import DepthScale, lay_out


def test_stages_lie_side_by_side_and_their_points_in_the_middle() -> None:
    blocks = lay_out(("a", "b"), (), DepthScale.STAGES)
    assert [(block.name, block.left, block.middle, block.right) for block in blocks] == [
        ("a", 0, 0.5, 1), ("b", 1, 1.5, 2), ("head", 2, 2.5, 3),
    ]  # fmt: skip
    assert [block.right for block in lay_out(("a", "b"), (), DepthScale.DEPTH)] == pytest.approx([1 / 3, 2 / 3, 1])
    by_compute = lay_out(("a", "b"), (1, 2, 1), DepthScale.COMPUTE)
    assert [block.right for block in by_compute] == [0.25, 0.75, 1]
    assert [block.right for block in lay_out(("a",), (), DepthScale.COMPUTE)] == [0.5, 1]

"""Lists whose columns are separated by blanks."""

from __future__ import annotations

import pytest

from tlviz.data.sources.tables.blanks import split_at_blanks


@pytest.mark.parametrize(
    ("lines", "cells"),
    [
        (["a/1.jpg 3", "b/2.JPG 4"], [["a/1.jpg", "3"], ["b/2.JPG", "4"]]),
        (["my dir/1.jpg 3", "b/2.jpg  4"], [["my dir/1.jpg", "3"], ["b/2.jpg", "4"]]),
        (["1.jpg golden retriever", "2.jpg cat"], [["1.jpg", "golden retriever"], ["2.jpg", "cat"]]),
        (["1.jpg 3 train", "2.jpg 4 test"], [["1.jpg", "3", "train"], ["2.jpg", "4", "test"]]),
        (["3 my dir/1.jpg", "4 b/2.jpg"], [["3", "my dir/1.jpg"], ["4", "b/2.jpg"]]),
        (['"my dir/1.jpg" 3', "'b/2.jpg' 4"], [["my dir/1.jpg", "3"], ["b/2.jpg", "4"]]),
        (["path label", "a/1.jpg 3", "b/2.jpg 4"], [["path", "label"], ["a/1.jpg", "3"], ["b/2.jpg", "4"]]),
        (["Abyssinian_1 1 2", "Abyssinian_2 1 3"], [["Abyssinian_1", "1", "2"], ["Abyssinian_2", "1", "3"]]),
        (["my id 1 3", "id2 4"], [["my id 1", "3"], ["id2", "4"]]),
    ],
)
def test_lines_are_cut(lines: list[str], cells: list[list[str]]) -> None:
    assert list(split_at_blanks(lines, lines)) == cells

"""Cards and words may lead to every page, and to no other."""

from __future__ import annotations

from tlviz.learn.page_names import PAGES
from tlviz.ui import frame


def test_they_are_those_of_the_page_table() -> None:
    assert [f"pages/{name}.py" for name in PAGES] == [entry.file for entry in frame.PAGES]

"""Whatever a person called a thing, a card shows it as it is."""

from __future__ import annotations

import pytest

from tlviz.export.card_words import code, markdown, one_line, slug


@pytest.mark.parametrize(
    ("name", "shown"),
    [
        ("plain-name", "plain-name"),
        ("a|b", r"a\|b"),
        ("two\nlines\t", "two lines"),
        ("<b>*x*</b>", r"&lt;b&gt;\*x\*&lt;/b&gt;"),
        ("猫", "猫"),
        ("\udcff", "?"),
        (" \n", "(no name)"),
    ],
)
def test_markdown_shows_names_as_they_are(name: str, shown: str) -> None:
    assert markdown(name) == shown


def test_words_for_code_and_metadata() -> None:
    assert code("a`b|c") == "a'b/c"
    assert slug("My Pictures (2)") == "my-pictures-2"
    assert slug("猫") == "folder"
    assert one_line("a\u200bb\r\nc") == "a b c"

"""One name for each modality, and the words that go with it."""

from __future__ import annotations

import pytest

from tlviz.medium import WORDS, Medium, need_alike, retold


@pytest.mark.parametrize(
    ("sentence", "told"),
    [
        ("These images differ from the source's photographs.", "These texts differ from the source's texts."),
        ("Pictures: one picture, 400 validation images", "Texts: one text, 400 validation texts"),
        ("Imagine what is pictured", "Imagine what is pictured"),
    ],
)
def test_a_sentence_about_pictures_becomes_one_about_texts(sentence: str, told: str) -> None:
    assert retold(sentence, Medium.TEXTS) == told
    assert retold(sentence, Medium.PICTURES) == sentence


def test_only_like_goes_with_like() -> None:
    assert need_alike("A", Medium.TEXTS, "B", Medium.TEXTS) == ""
    assert "A takes texts and B is made of pictures" in need_alike("A", Medium.TEXTS, "B", Medium.PICTURES)
    assert set(WORDS) == set(Medium)

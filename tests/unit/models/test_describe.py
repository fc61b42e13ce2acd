"""How networks of the table are called and described."""

from __future__ import annotations

import pytest

from tlviz.models.describe import describe_source, sentence_of, title_of


@pytest.mark.parametrize(
    ("tag", "classes", "words"),
    [
        ("fb_in22k_ft_in1k", 1000, "ImageNet-22k, then ImageNet-1k"),
        ("imagenet1k_swag_e2e_v1", 1000, "Instagram pictures and their hashtags, then ImageNet-1k"),
        ("lvd142m", 0, "LVD-142M without labels"),
        ("a1_in1k", 1000, "ImageNet-1k: 1.28 million photographs of 1,000 kinds of object"),
        ("unheard", 1000, "ImageNet-1k: 1.28 million photographs of 1,000 kinds of object"),
        ("unheard", 0, "data that its page describes"),
    ],
)
def test_sources_in_words(tag: str, classes: int, words: str) -> None:
    assert describe_source(tag, classes) == words


def test_titles_and_sentences() -> None:
    assert title_of("RegNet_Y_1_6GF", "") == "RegNet Y 1.6GF"
    assert title_of("resnet50", "a1_in1k", "ResNet") == "ResNet50 (a1_in1k)"
    assert (
        sentence_of("X", 8, "y", "These use `DeIT\n  <https://x.org>`_'s recipe. And more.")
        == "These use DeIT's recipe."
    )
    assert (
        sentence_of("VisionTransformer", 224, "SA-1B")
        == "Vision Transformer trained on SA-1B, for pictures of 224 x 224 pixels."
    )

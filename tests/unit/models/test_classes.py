"""The names of the classes that pretrained weights answer with."""

from __future__ import annotations

from dataclasses import replace

from tlviz.models.catalogue import MODELS
from tlviz.models.classes import source_classes

SQUEEZENET = MODELS["squeezenet1_1"]


def test_imagenets_thousand_names_are_in_the_order_of_the_logits() -> None:
    names = source_classes(SQUEEZENET)
    assert len(names) == 1000
    assert (names[0], names[207], names[999]) == ("tench", "golden retriever", "toilet tissue")


def test_own_classes_go_before_the_count_and_features_have_none() -> None:
    assert source_classes(replace(SQUEEZENET, classes=("a", "b"))) == ("a", "b")
    assert source_classes(replace(SQUEEZENET, class_count=0)) == ()


def test_a_larger_imagenet_has_a_first_name_for_each_class() -> None:
    names = source_classes(replace(SQUEEZENET, class_count=21843))
    assert len(names) == 21843
    assert not any("," in name for name in names)

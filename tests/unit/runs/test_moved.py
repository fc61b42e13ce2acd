"""The caption under the moved stages follows from its numbers, branch by branch."""

from __future__ import annotations

from typing import Any

import pytest

from tlviz.runs.moved import moved_in_words


def words(drift: dict[str, Any], *, pretrained: bool = True) -> str:
    epochs = [{"epoch": 1, "weight_drift": {"stem": 0.9}}, {"epoch": 2, "weight_drift": drift}, {"epoch": 3}]
    return moved_in_words(epochs, pretrained=pretrained)


@pytest.mark.parametrize(
    ("drift", "told"),
    [
        ({"a": 0.0, "b": 0.0, "head": 0.8}, "No backbone stage moved: only the head was trained."),
        (
            {"a": 0.0, "b": 0.03, "head": 0.8},
            "Only b moved, by 3.0% of its weights; every other",
        ),
        ({"a": 0.02, "b": 0.025, "head": 0.8}, "All that moved moved alike, by 2.0% to 2.5%."),
        ({"a": 0.0, "b": 0.02, "c": 0.02}, "All that moved moved alike, by 2.0% to 2.0%. 1 stage did not move."),
        (
            {"a": 0.01, "b": 0.02, "c": 0.03, "d": 0.06},
            "d moved most, by 6.0% of its weights, a least, by 1.0%. Later stages moved 3.0 times as far as earlier "
            "ones: the early features, the general ones, were kept best.",
        ),
        (
            {"a": 0.06, "b": 0.02, "c": 0.02, "d": 0.0001, "head": 0.5},
            "a moved most, by 6.0% of its weights, d least, by under 0.1%. Earlier stages moved 4.0 times as far as "
            "later ones, though early features are usually the general ones: freeze more stages, or let the rate fall "
            "towards the stem, to keep them.",
        ),
        (
            {"a": 0.0, "b": 0.01, "c": 0.09, "d": 0.01, "e": float("nan")},
            "c moved most, by 9.0% of its weights, b least, by 1.0%. Earlier and later stages moved about equally "
            "far. 1 stage did not move.",
        ),
        ({"a": 0.5, "b": 0.005}, "a moved most, by 50.0% of its weights, b least, by 0.5%. Earlier stages moved 100"),
        ({"head": 0.1}, "No backbone stage was measured."),
        ({"a": "far"}, "No backbone stage was measured."),
    ],
)
def test_which_stages_moved(drift: dict[str, Any], told: str) -> None:
    assert words(drift).startswith(told)


def test_random_weights_have_no_general_features_to_keep() -> None:
    early, late = words({"a": 0.06, "b": 0.02}, pretrained=False), words({"a": 0.02, "b": 0.06}, pretrained=False)
    assert early.endswith(" Earlier stages moved 3.0 times as far as later ones.")
    assert late.endswith(" Later stages moved 3.0 times as far as earlier ones.")


def test_without_a_measurement_nothing_is_claimed() -> None:
    assert moved_in_words([{"epoch": 1}], pretrained=True) == "No backbone stage was measured."

"""The chart of the probing tasks and its caption follow the numbers."""

from __future__ import annotations

import pytest

from tlviz.diagnose.records import ProbedTask
from tlviz.figures.probing import plot_probing, probing_in_words


def task(values: list[float], random: float = 0.5) -> tuple[ProbedTask, ...]:
    return tuple(ProbedTask(f"block{at}", value, 0.02, random, 0.02, 0.5) for at, value in enumerate(values))


def test_every_task_has_its_curve_and_its_random_weights() -> None:
    figure = plot_probing({"surface": task([0.9, 0.8]), "grammar": task([0.5, 0.6], random=0.52)})
    assert [list(trace.y) for trace in figure.data] == [[0.5, 0.5], [0.9, 0.8], [0.52, 0.52], [0.5, 0.6]]
    assert [trace.line.dash for trace in figure.data] == ["dot", None, "dot", None]
    assert list(figure.data[1].error_y.array) == [0.02, 0.02]


@pytest.mark.parametrize(
    ("surface", "grammar", "meaning", "words"),
    [
        ([0.9, 0.6, 0.6], [0.5, 0.7, 0.6], [0.6, 0.6, 0.8], "is that of the course: surface, then grammar, then"),
        ([0.9, 0.6, 0.6], [0.7, 0.5, 0.6], [0.6, 0.6, 0.8], "but not all apart"),
        ([0.6, 0.6, 0.9], [0.5, 0.7, 0.6], [0.8, 0.6, 0.6], "The order of depth here is meaning, grammar, surface"),
        ([0.9, 0.6, 0.6], [0.5, 0.52, 0.5], [0.6, 0.6, 0.8], "For grammar pretraining adds no more than a standard"),
    ],
)
def test_the_caption_is_a_function_of_the_numbers(
    surface: list[float], grammar: list[float], meaning: list[float], words: str
) -> None:
    told = probing_in_words({"surface": task(surface), "grammar": task(grammar), "meaning": task(meaning)})
    assert words in told
    assert f"surface at block{surface.index(max(surface))}" in told
    assert probing_in_words({}) == ""

"""What a run reached and how it stands, in the words of every case."""

from __future__ import annotations

import pytest

from tests.unit.runs.test_sides import run as make
from tlviz.runs.overview import overview
from tlviz.runs.paired_runs import Gap
from tlviz.runs.run_verdict import Rank, best_like, run_verdict, run_words
from tlviz.runs.summary import summarise

CLEAR, NOISE, NONE = Gap(-0.05, 0.01, True), Gap(0.02, 0.03, False), Gap(0.0, 0.03, False)
LUCK = "the noise of the images, and one run each cannot show luck"


@pytest.mark.parametrize(
    ("among", "words"),
    [
        (None, "the only run of net on Photos so far, so nothing says whether another would do better."),
        (
            Rank(1, 7, "Full", NOISE),
            f"the best of 7 runs of net on Photos, ahead of Full by 2.0 points, within {LUCK}.",
        ),
        (Rank(1, 2, "Full", NONE), "no run of net on Photos reached more, Full as much (2 runs)."),
        (
            Rank(4, 7, "Full", CLEAR),
            f"4th of 7 runs of net on Photos: the best, Full, is 5.0 points above it, more than {LUCK}.",
        ),
        (Rank(12, 13, "Full", None), "12th of 13 runs of net on Photos: the best, Full, is above it."),
    ],
)
def test_how_a_run_stands(among: Rank | None, words: str) -> None:
    said = run_words(0.8, 0.05, 73, 0.79, among, "net on Photos", lambda text: f"*{text}*")
    start = "*80.0% ± 5.0%* of 73 validation images, about 79.0% without the choice of the best epoch on them; "
    assert said == start + words


@pytest.mark.parametrize(
    ("without", "words"),
    [
        (None, "80.0% of the validation images, on which its best epoch was chosen, so it looks better than it is; "),
        (0.8, "80.0% of the validation images, to which the choice of the best epoch adds nothing; "),
    ],
)
def test_what_the_choice_of_the_epoch_adds(without: float | None, words: str) -> None:
    assert run_words(0.8, None, None, without, None, "net on Photos").startswith(words)


def test_a_run_is_ranked_among_those_of_its_network_and_target() -> None:
    low, high, _ = make(right=5), make("gradual", right=8), make(data="photos", right=9)
    rows = overview()
    said = run_verdict(summarise(low), rows)
    assert "2nd of 2 runs of squeezenet1_1 on " in said
    assert "the best, Gradual, is 30.0 points above it" in said
    assert "the best of 2 runs" in run_verdict(summarise(high), rows)
    own = next(row for row in rows if row.run == low.name)
    assert best_like(own, rows).run == high.name
    assert run_verdict(summarise(low), []) == ""

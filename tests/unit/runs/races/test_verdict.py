"""What a race has shown, in the words for every case."""

from __future__ import annotations

from typing import Any

import pytest

from tlviz.runs.curves import Curve
from tlviz.runs.races.race import Member, MemberState, Race
from tlviz.runs.races.standings import Standing
from tlviz.runs.races.verdict import error_words, mark, plus_minus, verdict
from tlviz.runs.store.heartbeat import Status


def race(status: Status = Status.FINISHED) -> Race:
    curve = Curve(validation_images=1200)
    member = Member(0, "full", "Full", 0, {}, None, MemberState.FINISHED, curve)
    return Race("r", status, "m", "d", "strategy", (member,), False, None, 0.0, None, (), None)


def standing(words: str, accuracy: float | None = 0.9, error: float | None = 0.01, **known: Any) -> Standing:
    values: dict[str, Any] = dict.fromkeys(Standing.__dataclass_fields__) | {
        "words": words, "seeds": 1, "is_over": True, "is_dropped": False, "runs": (),
    }  # fmt: skip
    return Standing(**values | {"accuracy": accuracy, "error": error} | known)


FIRST = standing("Full")
WON = standing("Full", is_won=True)
NOT_WON = standing("Full", is_won=False)
CLEAR = standing("Gradual", 0.8, is_distinguishable=True)
TIED = [standing(words, 0.89, is_distinguishable=False) for words in ("Head only", "Surgical", "Norms only")]
OPEN = standing("Gradual", None, None)
CHOICE = " The best epoch is chosen on these images, so it looks better than it is."


@pytest.mark.parametrize(
    ("ranked", "status", "words"),
    [
        ([], Status.RUNNING, "The first points appear in a few seconds: validation before any training."),
        ([OPEN], Status.RUNNING, "The first points appear in a few seconds: validation before any training."),
        ([FIRST], Status.FINISHED, "Full reached 90.0% ± 1.0%; there is nothing to compare it with."),
        ([WON, CLEAR], Status.FINISHED, "Full wins with 90.0% ± 1.0%: more than noise."),
        ([WON, CLEAR], Status.RUNNING, "Full leads with 90.0% ± 1.0%: more than noise so far."),
        (
            [FIRST, standing("Gradual", 0.5)],
            Status.FINISHED,
            "Full is ahead with 90.0% ± 1.0%, but one run of each cannot tell that from luck; race 3 seeds or more.",
        ),
        (
            [FIRST, standing("Gradual", 0.5, seeds=2)],
            Status.FINISHED,
            "Full is ahead with 90.0% ± 1.0%, but 2 runs of each cannot tell that from luck; race 3 seeds or more.",
        ),
        ([FIRST, OPEN], Status.RUNNING, "Full leads with 90.0% ± 1.0% so far."),
        (
            [NOT_WON, standing("Surgical", is_distinguishable=False, gap=0.0), CLEAR],
            Status.FINISHED,
            "Full and Surgical are level at 90.0% ± 1.0%.",
        ),
        (
            [NOT_WON, TIED[0], CLEAR],
            Status.FINISHED,
            "Full is ahead with 90.0% ± 1.0%, but Head only is not distinguishable from it.",
        ),
        (
            [NOT_WON, *TIED[:2]],
            Status.FINISHED,
            "Full is ahead with 90.0% ± 1.0%, but Head only and Surgical are not distinguishable from it.",
        ),
        (
            [NOT_WON, *TIED],
            Status.FINISHED,
            "Full is ahead with 90.0% ± 1.0%, but 3 others are not distinguishable from it.",
        ),
        (
            [WON, standing("Head only", 0.89, is_distinguishable=False, is_dropped=True)],
            Status.FINISHED,
            "Full wins with 90.0% ± 1.0%: more than noise.",
        ),
    ],
)
def test_who_leads_and_whether_that_is_more_than_noise(ranked: list[Standing], status: Status, words: str) -> None:
    assert verdict(race(status), ranked) == words


def test_a_run_that_goes_on_keeps_the_win_open_and_what_matters_is_marked() -> None:
    going_on = standing("Gradual", 0.8, is_distinguishable=True, is_over=False)
    said = verdict(race(), [WON, going_on], strong=lambda text: f"*{text}*")
    assert said == "*Full* leads with *90.0% ± 1.0%*: more than noise so far."


def test_the_numbers_behind_the_sign() -> None:
    assert plus_minus(None) == ""
    assert plus_minus(0.0123) == " ± 1.2%"
    told = [error_words(race(), [standing("Full", seeds=seeds)]) for seeds in (1, 2, 3)]
    assert told == [
        "± is one standard error of 1,200 validation images alone: with one seed nobody knows how far runs differ by "
        f"luck; race 3 seeds.{CHOICE}",
        f"± is one standard error of 1,200 validation images and 2 seeds together; 3 seeds are needed to "
        f"tell luck.{CHOICE}",
        "± is one standard error of 1,200 validation images and 3 seeds together; “behind” and “not "
        f"distinguishable” are for all marks of the race together (seeds as blocks, Tukey, 95%).{CHOICE}",
    ]


@pytest.mark.parametrize(
    ("place", "is_first", "word"),
    [
        (standing("Full"), True, ""),
        (OPEN, False, ""),
        (standing("Gradual", 0.8), False, "too few seeds to tell"),
        (CLEAR, False, "behind"),
        (TIED[0], False, "not distinguishable"),
        (standing("Gradual", 0.8, is_distinguishable=True, is_dropped=True), False, "dropped early"),
    ],
)
def test_the_mark_of_each_place(place: Standing, is_first: bool, word: str) -> None:
    assert mark(place, is_first=is_first) == word

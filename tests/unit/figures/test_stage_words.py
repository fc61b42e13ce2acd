"""Each caption of a chart of stages follows from its numbers: one case for each thing that it can say."""

from __future__ import annotations

from collections.abc import Sequence

import pytest

from tlviz.figures.stage_words import (
    Named,
    between_in_words,
    drift_in_words,
    kid_in_words,
    known,
    listed,
    pull_in_words,
    random_likeness_in_words,
    rank_in_words,
    shift_in_words,
    similarity_in_words,
    times,
)


def stages(*values: float) -> Named:
    return list(zip("abcdefghi", values, strict=False))


def test_stages_without_a_number_are_left_out() -> None:
    assert known(["a", "b"], [None, 0.0]) == [("b", 0.0)]


@pytest.mark.parametrize(
    ("values", "words"),
    [
        ([], "No stage can be compared."),
        (
            [0.4, 1.9],
            "At no stage are they: farther away than noise explains (at most 1.9 times the noise, at b).",
        ),
        ([12.4], "At a are they: 12 times as far away as noise explains."),
        (
            [3.0, 61.8, 2.1],
            "At every stage are they: farther away than noise explains: most at b, 62 times the noise, least at c, 2.1 "
            "times.",
        ),
        (
            [3.0, 1.0, 2.5],
            "At 2 of 3 stages are they: farther away than noise explains, most at a, 3.0 times the noise; b does not "
            "see the difference.",
        ),
        (
            [3.0, 1.0, -2.5],
            "At 1 of 3 stages are they: farther away than noise explains, most at a, 3.0 times the noise; b and c do "
            "not see the difference.",
        ),
    ],
)
def test_how_far_the_target_lies(values: list[float], words: str) -> None:
    for told, are in (
        (shift_in_words(stages(*values)), "the channels' statistics are"),
        (kid_in_words(stages(*values), is_reference=False), "the features are"),
    ):
        assert told == words.replace("are they:", are)


def test_the_reference_is_compared_with_itself_as_a_check() -> None:
    assert kid_in_words(stages(-1.2, 0.2), is_reference=True) == (
        "This target is itself the reference, so two halves of it are compared, as a check of the noise: none lies "
        "farther apart than noise explains, as it should be."
    )
    odd = kid_in_words(stages(2.5, 0.2, 3.0), is_reference=True)
    assert odd.endswith("noise: at a and c they lie farther apart than noise usually explains.")


@pytest.mark.parametrize(
    ("ranks", "random", "intrinsic", "words"),
    [
        (
            *([18, 219], [10, 45], [12.1]),
            "The features spread over more directions with depth, 18 at a and 219 at b; random weights use fewer "
            "there, 45. About 12 numbers would be enough to tell the images apart at a.",
        ),
        (
            *([40, 20], [10, 45], []),
            "The features are compressed with depth, 40 directions at a and 20 at b; random weights use more there, "
            "45.",
        ),
        (
            *([40, 41], [10, 45], []),
            "First and last stage use about as many directions, 40 at a and 41 at b; random weights use about as many "
            "there, 45.",
        ),
        ([40], [10], [], "At a the features spread over 40 directions; random weights use fewer there, 10."),
    ],
)
def test_dimensions(ranks: list[float], random: list[float], intrinsic: list[float], words: str) -> None:
    assert rank_in_words(stages(*ranks), stages(*random), stages(*intrinsic)) == words


@pytest.mark.parametrize(
    ("values", "words"),
    [
        ([0.0, 0.0], "No stage is pulled: the loss has no gradient on these images."),
        ([1.0], "a is the only stage."),
        ([0.8, 1.0], "All stages are pulled about alike, b the most, a the least (80% of it)."),
        ([0.0, 0.5, 1.0], "Training would change c the most, in the later half; a hardly (0% of the most)."),
        ([1.0, 0.2, 0.5], "Training would change a the most, in the early half; b the least (20% of the most)."),
        ([1.0, 0.2, 0.9], "Training would change a and c the most, early and late; b the least (20% of the most)."),
        (
            [0.0, 1.0, 0.9, 0.9, 0.8],
            "Training would change 4 of 5 stages about alike, b the most, early and late; a hardly (0% of the most).",
        ),
    ],
)
def test_where_training_would_change_the_most(values: list[float], words: str) -> None:
    assert pull_in_words(stages(*values)) == words


def matrix(*steps: float | None) -> Sequence[Sequence[float | None]]:
    """Return a similarity map with these numbers between neighbours."""
    count = len(steps) + 1
    return [[steps[row] if column == row + 1 else 0.1 for column in range(count)] for row in range(count - 1)] + [
        [0.1] * count
    ]


@pytest.mark.parametrize(
    ("steps", "words"),
    [
        ([], "There are no two neighbouring stages to compare."),
        ([None], "There are no two neighbouring stages to compare."),
        ([0.95, 0.92], "All neighbouring stages do much the same (at least 0.92, between b and c)."),
        ([0.95, 0.4], "a and b do much the same (0.95 at most); the features change most between b and c (0.40)."),
        ([0.4], "a and b differ (0.40)."),
        (
            [0.8, 0.4],
            "No two neighbouring stages do the same (a and b come nearest, 0.80); the features change most between b "
            "and c (0.40).",
        ),
    ],
)
def test_which_stages_do_the_same(steps: list[float | None], words: str) -> None:
    assert similarity_in_words("abc"[: len(steps) + 1], matrix(*steps)) == words


@pytest.mark.parametrize(
    ("values", "words"),
    [
        ([], "No stage can be compared with random weights."),
        ([0.97, 0.92], "Pretraining has hardly changed how any stage sees these images (at least 0.92, at b)."),
        ([0.3], "At a the likeness to random weights is 0.30."),
        ([0.54, 0.12], "Pretraining has changed every stage, b the most (0.12), a the least (0.54)."),
        ([0.99, 0.12], "Pretraining has changed b the most (0.12); a is still like random weights (0.99)."),
    ],
)
def test_what_pretraining_has_changed(values: list[float], words: str) -> None:
    assert random_likeness_in_words(stages(*values)) == words


def test_where_two_networks_are_alike() -> None:
    def told(values: Sequence[Sequence[float | None]]) -> str:
        return between_in_words("ab", "xy", values, "Other")

    assert told([[0.2, 0.8], [0.3, 0.6]]) == "Most alike are a and y of Other (0.80); the last stages of both: 0.60."
    assert told([[0.2, 0.8], [0.3, None]]) == "Most alike are a and y of Other (0.80)."
    assert told([[0.2, 0.1], [0.3, 0.1]]) == (
        "No stage is much like one of Other: nearest are b and its x (0.30); the last stages of both: 0.10."
    )
    assert told([[None, None], [None, None]]) == "No stage can be compared with one of Other."


@pytest.mark.parametrize(
    ("values", "words"),
    [
        ([], "No stage can be compared with the start."),
        ([1.0, 0.999], "No stage sees the images otherwise than at the start."),
        ([1.0, 1.0, 0.7], "Changed most: c (0.70), in the later half; 2 of 3 stages are unchanged."),
        ([0.4, 1.0], "Changed most: a (0.40), in the early half; 1 of 2 stages is unchanged."),
        ([0.4, 0.6], "Changed most: a (0.40), in the early half; no stage is unchanged."),
        ([0.4], "Changed most: a (0.40), in the early half; it is the only stage."),
    ],
)
def test_what_a_run_has_changed(values: list[float], words: str) -> None:
    assert drift_in_words(stages(*values)) == words


def test_numbers_and_lists() -> None:
    assert [times(value) for value in (-1.0, 1.25, 49_259.4)] == ["0 times", "1.2 times", "49,259 times"]
    assert [listed("a"), listed("abc")] == ["a", "a, b and c"]

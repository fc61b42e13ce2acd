"""What stays a question about a target, and what settles it."""

from __future__ import annotations

import pytest

from tlviz.data.pixels.depth import AS_STORED, Depth
from tlviz.data.sources.reading import GUESSED, UNSAID, Question, ReadAs, Reading, need_answers
from tlviz.errors import BadDatasetError, BadSettingError


def test_an_open_question_is_one_sentence_with_the_options_that_settle_it() -> None:
    layout = Question("The folder x can be read as a (classes), or as b (leaves)", "layout", ("classes", "leaves"))
    column = Question("The table has two label columns.", "label_column", ("dx", "dx type"))
    need_answers(UNSAID)
    with pytest.raises(BadDatasetError) as caught:
        need_answers(Reading(questions=(layout, column)))
    assert str(caught.value) == (
        "The folder x can be read as a (classes), or as b (leaves): say --layout classes or --layout leaves; "
        "The table has two label columns: say --label-column dx or --label-column 'dx type'; "
        "or choose on the Target page."
    )


def test_a_reading_is_the_same_after_json() -> None:
    reading = Reading("3 classes", label_column="dx", split_column="part")
    assert Reading.from_json(reading.to_json()) == reading
    assert Reading.from_json({}) == UNSAID
    assert reading.in_words() == "3 classes; labels from dx; parts from part"


def test_what_was_decided_about_deep_pictures_is_the_same_after_json_zero_included() -> None:
    decided = ReadAs(value_range="0:4095", bands="4,3,2", no_data=0.0)
    assert decided.to_json() == {"value_range": "0:4095", "bands": "4,3,2", "no_data": "0"}
    assert ReadAs.from_json(decided.to_json()) == decided
    assert decided.depth == Depth((0.0, 4095.0), (4, 3, 2), 0.0)
    assert decided.without_depth() == GUESSED
    assert GUESSED.depth == AS_STORED
    assert ReadAs(no_data=-1.0).over(decided) == ReadAs(value_range="0:4095", bands="4,3,2", no_data=-1.0)


@pytest.mark.parametrize(
    ("name", "wrong"), [("value_range", "9:1"), ("value_range", "x"), ("bands", "0"), ("bands", "1,2"),
                        ("no_data", "nil"), ("no_data", "nan")]
)  # fmt: skip
def test_what_cannot_be_decided_is_one_sentence(name: str, wrong: str) -> None:
    with pytest.raises(BadSettingError):
        ReadAs.from_json({name: wrong})

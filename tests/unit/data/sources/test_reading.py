"""What stays a question about a target, and what settles it."""

from __future__ import annotations

import pytest

from tlviz.data.sources.reading import UNSAID, Question, Reading, need_answers
from tlviz.errors import BadDatasetError


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

"""The hand-in has the student's own charts and words, and says what is missing."""

from __future__ import annotations

from tlviz.learn.hand_in import choice_name, hand_in_html, hand_in_parts, missing_parts
from tlviz.learn.lesson import load_lesson
from tlviz.learn.results import Table


def test_charts_and_answers_are_the_students() -> None:
    lesson = load_lesson()
    stages = Table({"probe": {"stem": {"": 0.512}}}, {"probe": {"stem": 0.01}})
    race = Table({m: {"Full": {"0": 0.7, "1": 0.9}} for m in ("val_accuracy", "source_kept", "drift")}, {})
    tables = {one.name: stages if one.kind == "profile" else race for one in lesson.experiments}
    given = {step.name: f"<i>mine {step.name}" for step in lesson.steps}
    given |= {"who": "Ada & Co", choice_name(lesson.steps[0]): "On the first stages"}
    html = hand_in_html(lesson, given, tables)
    assert html.count('<table class="dots"') == 3
    assert "51.2% ± 2.0" in html
    assert "80.0% ± 127.1" in html
    assert "Ada &amp; Co" in html
    assert "&lt;i&gt;mine conclude" in html
    assert "On the first stages" in html
    assert "squeezenet1_1 on digits · tlviz" in html
    assert not missing_parts(hand_in_parts(lesson, given, tables))


def test_what_is_missing_is_said() -> None:
    lesson = load_lesson()
    lacks = missing_parts(hand_in_parts(lesson, {"look": "x"}, {}))
    assert "the answer to step 1" in lacks
    assert "the answer to step 2" not in lacks
    assert [word for word in lacks if "numbers" in word] == [f"the numbers of step {at}" for at in (3, 4, 5)]
    assert "measured yet" in hand_in_html(lesson, {}, {})

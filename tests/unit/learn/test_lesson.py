"""The lesson has six steps, and a mistake in one is one sentence."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from tlviz.errors import BadLessonError
from tlviz.learn.class_folder import CLASS_FOLDER
from tlviz.learn.lesson import LESSON, load_lesson, make_lesson, read_lesson
from tlviz.learn.words import find_word
from tlviz.learn.yaml_file import read_yaml


def test_the_lesson_has_six_steps_with_a_question_each_and_three_charts() -> None:
    lesson = load_lesson()
    assert [step.name for step in lesson.steps] == ["predict", "look", "measure", "race", "compare", "conclude"]
    assert all(step.question for step in lesson.steps)
    assert sum(bool(step.shows) for step in lesson.steps) == 3
    for word in (word for step in lesson.steps for word in step.words):
        find_word(word)


def test_a_class_may_have_a_lesson_of_its_own(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    text = LESSON.read_text(encoding="utf-8").replace("General or specific?", "Ours")
    (tmp_path / "lesson.yaml").write_text(text, encoding="utf-8")
    monkeypatch.setenv(CLASS_FOLDER, str(tmp_path))
    assert load_lesson().title == "Ours"


@pytest.mark.parametrize(
    ("step", "said"),
    [
        ({"experiments": ["none"]}, "no such one"),
        ({"experiments": ["race on digits"], "shows": ["probe"]}, "names 'probe'"),
        ({"experiments": ["race on digits", "far (digits)"], "shows": ["probe"]}, "of one kind"),
        ({"name": "look"}, "a name of its own"),
        ({"ask": "x"}, "unknown field 'ask'"),
    ],
)
def test_a_mistake_is_one_sentence(step: dict[str, Any], said: str) -> None:
    values = read_yaml(LESSON)
    values["steps"][0] |= step
    with pytest.raises(BadLessonError) as found:
        make_lesson(values, "lesson.yaml")
    assert said in str(found.value)
    assert read_lesson(LESSON)

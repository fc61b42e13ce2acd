"""One definition a word, found by any of its names."""

from __future__ import annotations

from pathlib import Path

import pytest

from tlviz.errors import BadLessonError, UnknownNameError
from tlviz.learn.class_folder import CLASS_FOLDER
from tlviz.learn.words import all_words, define, find_word, read_words, search_words

COURSE = (
    "task", "domain", "source", "target", "stage", "head", "backbone", "freezing", "fine-tuning", "feature map",
    "attribution", "linear probe", "CKA", "catastrophic forgetting", "negative transfer",
)  # fmt: skip


def test_the_words_of_the_course_are_there_once_each() -> None:
    words, troubles = all_words()
    assert not troubles
    assert all(find_word(term).term == term for term in COURSE)
    names = [name.casefold() for word in words.values() for name in (word.term, *word.also)]
    assert len(names) == len(set(names))


def test_a_hover_is_the_definition_and_what_the_control_adds() -> None:
    assert define("Head") == define("head") == define("classifier")
    assert define("target") == "**target**: the new task, its classes and its images."
    assert define("k-NN", "More.").endswith("\n\nMore.")
    with pytest.raises(UnknownNameError, match="backbone"):
        define("backbon")


def test_a_search_finds_names_first_and_then_definitions() -> None:
    assert search_words("probe")[0].term == "linear probe"
    assert {"drift", "source kept"} <= {word.term for word in search_words("share")}
    assert len(search_words("")) == len(all_words()[0])
    assert not search_words("no such word")


def test_a_class_has_words_of_its_own(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "words.yaml").write_text("Head: What we call the top.\nlab: {definition: Our room., page: race}\n")
    monkeypatch.setenv(CLASS_FOLDER, str(tmp_path))
    assert define("head") == "**Head**: what we call the top."
    assert find_word("lab").is_own
    (tmp_path / "words.yaml").write_text("Head: [1]\n")
    words, troubles = all_words()
    assert words["head"].term == "head"
    assert len(troubles) == 1


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("a: {definition: x, papers: [{title: t, url: 'javascript:alert(1)'}]}", "begins with https://"),
        ("a: {definition: x, papers: [{title: t, url: 'https://x.org/)'}]}", "begins with https://"),
        ("a: {definition: x, page: nowhere}", "it can be overview"),
        ("a: {page: race}", "lacks 'definition'"),
        ("a: x\nA: y", "twice"),
        ("a: 5", "must hold lines"),
    ],
)
def test_a_mistake_is_one_sentence(tmp_path: Path, text: str, said: str) -> None:
    (tmp_path / "words.yaml").write_text(text)
    with pytest.raises(BadLessonError) as found:
        read_words(tmp_path / "words.yaml")
    assert said in str(found.value)

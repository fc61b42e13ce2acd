"""YAML from people: plain data or one sentence with file and line."""

from __future__ import annotations

from pathlib import Path

import pytest

from tlviz.errors import BadLessonError
from tlviz.learn.yaml_file import MOST_BYTES, parse_yaml, read_yaml


def test_plain_data_is_read(tmp_path: Path) -> None:
    (tmp_path / "a.yaml").write_text("\ufeffname: größer\nlist: [1, 2.5, yes]\n", encoding="utf-8")
    assert read_yaml(tmp_path / "a.yaml") == {"name": "größer", "list": [1, 2.5, True]}


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("a: [1, 2", "a.yaml, line"),
        ("a: 1\na: 2", "a.yaml, line 2 has 'a' twice"),
        ("a: {b: 1, b: 2}", "has 'b' twice"),
        ("a: &x [1]\nb: *x", "line 1 uses an anchor or alias"),
        ("- 1\n- 2", "must be a list of lines such as"),
        ("1: 2", "with words as names"),
        ("", "must be a list of lines such as"),
        ("a: 2026-13-45", "cannot be read"),
        ("a: !!python/object/apply:os.system ['true']", "not valid YAML"),
        ("a: " + "[" * 60 + "]" * 60, "deep in one another"),
        ("a: \x00", "not valid YAML"),
        ("a: 1\n---\nb: 2", "not valid YAML"),
    ],
)
def test_a_mistake_is_one_sentence(text: str, said: str) -> None:
    with pytest.raises(BadLessonError, match=r"^a\.yaml") as found:
        parse_yaml(text, "a.yaml")
    assert said in str(found.value)
    assert "\n" not in str(found.value)


def test_what_makes_little_text_large_is_refused_before_it_is_built() -> None:
    bomb = "a: &a [x]\n" + "".join(f"b{n}: &b{n} [*a, *a]\n" for n in range(30))
    with pytest.raises(BadLessonError, match="anchor"):
        parse_yaml(bomb, "a.yaml")


def test_a_file_that_is_missing_too_large_or_no_text(tmp_path: Path) -> None:
    large, odd = tmp_path / "large.yaml", tmp_path / "odd.yaml"
    large.write_bytes(b"a" * (MOST_BYTES + 1))
    odd.write_bytes(b"\xff\xfe\x00")
    for path in (large, odd, tmp_path / "none.yaml", tmp_path):
        with pytest.raises(BadLessonError, match="cannot be read"):
            read_yaml(path)

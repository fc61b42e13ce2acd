"""Pictures that belong together: by a pattern, by two groupings at once, and where names suggest it."""

from __future__ import annotations

from pathlib import Path

import pytest
from PIL import Image

from tlviz.data.images import open_target
from tlviz.data.sources.groups import group_hint, groups_by_pattern, hint_from_names, joined
from tlviz.data.sources.reading import ReadAs
from tlviz.errors import BadSettingError


def test_the_first_group_or_all_that_is_found_is_the_key() -> None:
    names = ["cat/p1_a.png", "dog/p1_b.png", "dog/p22_a.png", "dog/x.png"]
    assert groups_by_pattern(names, r"p\d+") == ("p1", "p1", "p22", "")
    assert groups_by_pattern(names, r"p(\d+)_") == ("1", "1", "22", "")


@pytest.mark.parametrize(
    ("pattern", "words"), [("(", "no regular expression"), ("*", "no regular expression"), ("zebra", "finds nothing"),
                           ("x" * 600, "500 at most"), ("a{99999999999}", "no regular expression")]
)  # fmt: skip
def test_a_pattern_that_cannot_serve_is_one_sentence(pattern: str, words: str) -> None:
    with pytest.raises(BadSettingError, match=words):
        groups_by_pattern(["cat/1.png"], pattern)


def test_two_groupings_hold_both() -> None:
    keys = joined(["a", "a", "b", "c", ""], ["", "1", "1", "", ""])
    assert len(set(keys[:3])) == 1
    assert len(set(keys)) == 3
    assert keys[4] == ""
    assert joined([], ["1"]) == ("1",)
    assert joined(["a"], []) == ("a",)


@pytest.mark.parametrize(
    ("names", "keys"),
    [
        (["c/patient012_03.png", "c/patient012_04.png", "c/patient7_1.png", "d/patient7_2.png"], 2),
        (["IMG_p12_a.jpg", "IMG_p12_b.jpg", "IMG_p13_a.jpg", "IMG_p13_b.jpg"], 2),
        (["Subject-1-x.jpg", "Subject-1-y.jpg", "subject-2-x.jpg", "subject-2-y.jpg"], 2),
        (["sub-01_t1.png", "sub-01_t2.png", "sub-02_t1.png", "sub-02_t2.png"], 2),
        (["a/case3/1.png", "a/case3/2.png", "b/case4/1.png", "b/case4/2.png"], 2),
        (["video1_frame1.png", "video1_frame2.png", "video2_frame1.png", "video2_frame2.png"], 2),
        (["cat/1.png", "cat/2.png", "dog/1.png", "dog/2.png"], 0),
        (["patient1.png", "patient2.png", "patient3.png", "patient4.png"], 0),
        (["n01440764_10026.JPEG", "n01440764_10027.JPEG", "n01440765_1.JPEG", "n01440765_2.JPEG"], 0),
        (["IMG_2041.jpg", "IMG_2042.jpg", "IMG_2043.jpg", "IMG_2044.jpg"], 0),
    ],
)
def test_what_names_suggest(names: list[str], keys: int) -> None:
    hint = hint_from_names(names)
    assert len(set(hint.groups)) == keys if hint else keys == 0
    if hint:
        assert groups_by_pattern(names, hint.value) == hint.groups


def test_a_hint_needs_pictures_that_share_a_key() -> None:
    assert group_hint("group_column", "id", ["1", "2", "3", "4"]) is None
    assert group_hint("group_column", "site", ["1", "1", "1", "1"]) is None
    assert group_hint("group_column", "site", ["1", "1", "2", "2"]) is not None


def test_a_folder_is_grouped_by_a_pattern(tmp_path: Path) -> None:
    for name in ("cat/p1_a.png", "cat/p2_a.png", "dog/p1_b.png", "dog/q.png"):
        (tmp_path / name).parent.mkdir(exist_ok=True)
        Image.new("RGB", (6, 6)).save(tmp_path / name)
    target = open_target(str(tmp_path), read_as=ReadAs(group_pattern=r"(p\d+)_"))
    assert dict(zip(target.names, target.groups, strict=True)) == {
        "cat/p1_a.png": "p1", "cat/p2_a.png": "p2", "dog/p1_b.png": "p1", "dog/q.png": "",
    }  # fmt: skip
    assert "groups by '(p\\d+)_', 1 names without one" in target.reading.layout

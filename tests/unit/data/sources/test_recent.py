"""Recent targets: written by several processes, capped, renamed, forgotten, found again."""

from __future__ import annotations

import json
import shutil
import sys
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from PIL import Image

from tlviz.data.images import dataset_title, open_settled, open_target
from tlviz.data.sources.notes import exclude, excluded_names
from tlviz.data.sources.recent import (
    MOST,
    browsed,
    find_recent,
    forget_recent,
    found_again,
    list_recent,
    move_recent,
    note_browsed,
    note_recent,
    own_name,
    rename_recent,
)
from tlviz.errors import BadDatasetError, BadSettingError
from tlviz.medium import Medium


@pytest.fixture
def pets(tmp_path: Path) -> Path:
    root = tmp_path / "my pets"
    for name in ("cat", "dog"):
        (root / name).mkdir(parents=True)
        for at in range(3):
            Image.new("RGB", (8, 8), "red").save(root / name / f"{at}.png")
    return root


def test_what_a_command_opens_is_remembered_with_size_and_time(pets: Path) -> None:
    name, _ = open_settled(str(pets))
    (one,) = list_recent()
    assert (one.path, one.classes, one.images, one.title) == (name, 2, 6, "my pets")
    assert one.days_ago() == 0
    assert one.days_ago(datetime.now(UTC) + timedelta(days=3)) == 3
    open_settled("photos")
    assert len(list_recent()) == 1, "what ships is in the list anyway"


def test_the_newest_is_first_and_the_oldest_are_dropped() -> None:
    for at in range(MOST + 5):
        note_recent(f"/data/{at}", 2, at, Medium.PICTURES)
    note_recent("/data/7", 2, 70, Medium.PICTURES)
    assert [one.images for one in list_recent()[:2]] == [70, MOST + 4]
    assert len(list_recent()) == MOST
    assert find_recent("/data/3") is None


def test_many_may_write_at_once() -> None:
    with ThreadPoolExecutor(8) as pool:
        list(pool.map(lambda at: note_recent(f"/data/{at}", 2, at, Medium.PICTURES), range(24)))
    assert {one.images for one in list_recent()} == set(range(24))


def test_a_name_is_what_a_person_reads_and_whether_to_mirror_stays(pets: Path) -> None:
    name, _ = open_settled(str(pets))
    rename_recent(name, "  left or\tright hands ")
    assert dataset_title(name) == open_target(name).title == own_name(name) == "left or right hands"
    assert open_target(name).may_flip, "a new name is no new content"
    with pytest.raises(BadSettingError, match="printable"):
        rename_recent(name, "x" * 61)
    rename_recent(name, "")
    assert dataset_title(name) == "my pets"


def test_forgetting_leaves_the_pictures(pets: Path) -> None:
    name, _ = open_settled(str(pets))
    forget_recent(name)
    assert not list_recent()
    assert len(list(pets.rglob("*.png"))) == 6


@pytest.mark.skipif(sys.platform == "win32", reason="folders on Windows may have no number")
def test_a_moved_folder_is_found_and_keeps_what_was_decided(pets: Path, tmp_path: Path) -> None:
    name, _ = open_settled(str(pets))
    exclude(name, {"cat/0.png": "blurred"})
    (one,) = list_recent()
    assert one.is_here()
    new = tmp_path / "elsewhere" / "pets of ours"
    new.parent.mkdir()
    pets.rename(new)
    assert not one.is_here()
    assert found_again(one) == str(new)
    assert move_recent(name, str(new)) == str(new)
    assert [entry.path for entry in list_recent()] == [str(new)]
    assert excluded_names(str(new)) == {"cat/0.png": "blurred"}
    with pytest.raises(BadDatasetError, match="nothing at '/nowhere'"):
        move_recent(str(new), "/nowhere")
    shutil.rmtree(new)
    assert found_again(list_recent()[0]) is None


def test_a_damaged_or_foreign_file_costs_nobody_a_page(home: Path) -> None:
    home.mkdir()
    (home / "targets.json").write_text("{", encoding="utf-8")
    assert list_recent() == []
    rows = [
        {"path": "/good"},
        {"path": 3},
        {"path": "/odd", "medium": "smells"},
        {"path": "/odd", "medium": [1]},
        {"path": "relative"},
        {"path": "/x", "evil": 1},
        "text",
        None,
    ]
    (home / "targets.json").write_text(json.dumps({"targets": rows}), encoding="utf-8")
    assert [one.path for one in list_recent()] == ["/good"]
    note_recent("/new", 2, 3, Medium.PICTURES)
    assert [one.path for one in list_recent()] == ["/new", "/good"]


def test_where_somebody_looked_is_remembered_while_it_is_there(tmp_path: Path) -> None:
    assert browsed() == Path.home()
    note_browsed(str(tmp_path))
    note_recent("/data", 2, 3, Medium.PICTURES)
    assert browsed() == tmp_path
    note_browsed(str(tmp_path / "gone"))
    assert browsed() == Path.home()

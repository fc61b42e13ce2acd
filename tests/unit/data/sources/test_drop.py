"""What a browser sent: whole or nothing, clean names, limits, the same drop once."""

from __future__ import annotations

import hashlib
import io
import secrets
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import pytest
from PIL import Image

from tlviz.data.images import open_target
from tlviz.data.sources import drop
from tlviz.data.sources.drop import forget_drop, store_drop
from tlviz.data.sources.store import datasets_folder, list_stored
from tlviz.errors import BadDatasetError


@dataclass(frozen=True)
class Sent:
    """A file as the app has received it."""

    name: str
    place: Path
    size: int
    digest: str


Send = Callable[[str, bytes], Sent]
Pets = Callable[..., list[Sent]]


@pytest.fixture
def sent(tmp_path: Path) -> Send:
    """Return what writes a file as it arrives."""
    (tmp_path / "arriving").mkdir()

    def write(name: str, content: bytes) -> Sent:
        place = tmp_path / "arriving" / f"{len(list((tmp_path / 'arriving').iterdir())):06d}-{secrets.token_hex(4)}"
        place.write_bytes(content)
        return Sent(name, place, len(content), hashlib.sha256(content).hexdigest())

    return write


def png(colour: str = "red") -> bytes:
    buffer = io.BytesIO()
    Image.new("RGB", (8, 8), colour).save(buffer, "PNG")
    return buffer.getvalue()


@pytest.fixture
def pets(sent: Send) -> Pets:
    """Return what makes a dropped folder of two classes, with more beside."""
    names = [f"pets 😀/{label}/{at}.png" for label in ("cat", "dog") for at in range(3)]
    return lambda *more: [*(sent(name, png()) for name in names), *more]


def test_a_dropped_folder_is_a_target_of_its_name(pets: Pets) -> None:
    told: list[int] = []
    folder = store_drop(pets(), lambda done, total: told.append(100 * done // total))
    target = open_target(str(folder))
    assert target.title == "pets 😀"
    assert target.classes == ("cat", "dog")
    assert len(target.names) == 6
    assert told[-1] == 100
    assert store_drop(list(reversed(pets()))) == folder, "the same drop is kept once"
    forget_drop(folder)
    assert not list_stored()


def test_no_name_leads_out_of_the_folder_or_over_another_file(pets: Pets, sent: Send) -> None:
    bad = ["../../evil.png", "/etc/evil.png", "pets/../../evil.png", "C:\\evil.png", "a\0b.png", "x" * 300 + ".png"]
    bad += ["pets 😀/cat/0.png", "pets 😀/CON.png", "pets 😀/cat/0.png/1.png", "pets 😀/trailing /0.png"]
    folder = store_drop(pets(*(sent(name, png("blue")) for name in bad)))
    target = open_target(str(folder))
    assert len(target.names) == 6
    assert sum(problem.action == "left out" for problem in target.problems) == len(bad)
    assert not list(datasets_folder().parent.rglob("evil*"))
    assert Image.open(target.sources[0].path or "").getpixel((0, 0)) == (255, 0, 0)


def test_what_is_no_picture_is_left_out_and_named_and_a_table_is_kept(pets: Pets, sent: Send) -> None:
    more = [sent("pets 😀/notes.txt", b"hello"), sent("pets 😀/.DS_Store", b"x"), sent("pets 😀/labels.csv", b"a,b\n")]
    folder = store_drop(pets(*more, sent("pets 😀/cat/without ending", png())))
    target = open_target(str(folder))
    left = {one.path: one.reason for one in target.left_out}
    assert left["pets 😀/notes.txt"] == "not a picture file"
    assert len(target.names) == 7
    assert list(folder.rglob("labels.csv"))


def test_more_than_can_be_dropped_or_no_picture_is_one_sentence(
    pets: Pets, sent: Send, monkeypatch: pytest.MonkeyPatch
) -> None:
    with pytest.raises(BadDatasetError, match="None of what was dropped is a picture"):
        store_drop([sent("a.txt", b"hello")])
    monkeypatch.setattr(drop, "MOST_BYTES", 100)
    with pytest.raises(BadDatasetError, match="6 files with 0 MB are more than can be dropped"):
        store_drop(pets())
    monkeypatch.undo()
    monkeypatch.setattr(drop, "MOST_FILES", 5)
    with pytest.raises(BadDatasetError, match="find their folder on this machine"):
        store_drop(pets())
    assert not list_stored()


def test_what_is_interrupted_leaves_nothing(pets: Pets) -> None:
    def stop(done: int, total: int) -> None:
        if done > total / 2:
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        store_drop(pets(), stop)
    assert list(datasets_folder().iterdir()) == []


def test_nothing_but_a_stored_copy_is_ever_removed(tmp_path: Path) -> None:
    (tmp_path / "mine").mkdir()
    forget_drop(tmp_path / "mine")
    assert (tmp_path / "mine").is_dir()

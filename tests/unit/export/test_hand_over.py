"""A folder and a ZIP are there as a whole or not at all."""

from __future__ import annotations

import os
import subprocess
import sys
import zipfile
from pathlib import Path

import pytest

from tlviz.errors import StorageError
from tlviz.export.hand_over import UNFINISHED, check_destination, whole_folder, write_zip, zip_of


def fill(folder: Path) -> None:
    (folder / "model.safetensors").write_bytes(b"weights")
    (folder / "labels.json").write_text("[]")
    (folder / "labels.json").chmod(0o600)


@pytest.mark.parametrize("is_there", [False, True])
def test_a_folder_appears_when_it_is_complete(tmp_path: Path, is_there: bool) -> None:
    folder = tmp_path / "a" / "bundle"
    if is_there:
        folder.mkdir(parents=True)
    with whole_folder(folder) as part:
        fill(part)
        assert part.name.startswith(".")
        assert not folder.exists() or not list(folder.iterdir())
    assert sorted(path.name for path in folder.iterdir()) == ["labels.json", "model.safetensors"]
    assert (folder / "labels.json").stat().st_mode & 0o666 == folder.stat().st_mode & 0o666
    assert [path.name for path in folder.parent.iterdir()] == ["bundle"]


@pytest.mark.parametrize("error", [RuntimeError, KeyboardInterrupt, StorageError])
def test_nothing_is_left_of_what_breaks_off(tmp_path: Path, error: type[BaseException]) -> None:
    with pytest.raises(error), whole_folder(tmp_path / "bundle") as part:
        fill(part)
        raise error
    assert not list(tmp_path.iterdir())


def test_what_a_killed_process_leaves_is_hidden_and_no_bundle(tmp_path: Path) -> None:
    program = (
        "import os, sys; from pathlib import Path; from tlviz.export.hand_over import whole_folder\n"
        "with whole_folder(Path(sys.argv[1])) as part:\n"
        "    (part / 'model.safetensors').write_bytes(b'half'); os.kill(os.getpid(), 9)"
    )
    done = subprocess.run([sys.executable, "-c", program, str(tmp_path / "bundle")], check=False, cwd=Path.cwd())
    assert done.returncode == -9
    [left] = tmp_path.iterdir()
    assert left.name.startswith(f".bundle{UNFINISHED}")
    check_destination(tmp_path / "bundle", zipped=True)
    for name in (f".bundle{UNFINISHED}elsewhere-1-aa", f".bundle{UNFINISHED}old"):
        (tmp_path / name).mkdir()
    os.utime(tmp_path / f".bundle{UNFINISHED}old", (0, 0))
    with whole_folder(tmp_path / "bundle") as part:
        fill(part)
    others = f".bundle{UNFINISHED}elsewhere-1-aa"
    assert sorted(path.name for path in tmp_path.iterdir()) == [others, "bundle"], "a dead one's, and that of days ago"


def test_what_is_there_is_never_replaced(tmp_path: Path) -> None:
    folder = tmp_path / "bundle"
    folder.mkdir()
    (folder / "mine.txt").write_text("mine")
    with pytest.raises(StorageError, match=r"is not empty; give a new or an empty one"):
        check_destination(folder, zipped=False)
    with pytest.raises(StorageError, match="Cannot write"), whole_folder(folder) as part:
        fill(part)
    assert [path.name for path in folder.iterdir()] == ["mine.txt"]
    with pytest.raises(StorageError, match="is a file"):
        check_destination(folder / "mine.txt", zipped=False)
    zip_of(tmp_path / "other").write_bytes(b"")
    with pytest.raises(StorageError, match=r"other.zip is there already"):
        check_destination(tmp_path / "other", zipped=True)
    check_destination(tmp_path / "other", zipped=False)
    with pytest.raises(StorageError, match="named like a ZIP"):
        check_destination(tmp_path / "x.zip", zipped=False)


def test_an_empty_folder_in_one_that_cannot_be_written_is_filled(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    folder = tmp_path / "bundle"
    folder.mkdir()
    monkeypatch.setattr("tlviz.export.hand_over._may_write", lambda _: False)
    with whole_folder(folder) as part:
        fill(part)
        assert part.parent == folder
        check_destination(folder, zipped=False)
    assert sorted(path.name for path in folder.iterdir()) == ["labels.json", "model.safetensors"]


def test_a_place_that_cannot_be_written_is_one_sentence() -> None:
    with pytest.raises(StorageError, match=r"Cannot write /proc/tlviz"), whole_folder(Path("/proc/tlviz/bundle")):
        pass


def test_a_zip_holds_the_folder_below_its_name(tmp_path: Path) -> None:
    (tmp_path / "bundle").mkdir()
    fill(tmp_path / "bundle")
    write_zip(tmp_path / "bundle", tmp_path / "bundle.zip", "été", lambda *_: None)
    with zipfile.ZipFile(tmp_path / "bundle.zip") as archive:
        assert archive.testzip() is None
        assert archive.namelist() == ["été/labels.json", "été/model.safetensors"]


def test_a_zip_that_breaks_off_is_gone(tmp_path: Path) -> None:
    (tmp_path / "bundle").mkdir()
    fill(tmp_path / "bundle")

    def full(_doing: str, done: int, _total: int) -> None:
        if done:
            raise OSError(28, "No space left on device")

    with pytest.raises(StorageError, match="The disk is full"):
        write_zip(tmp_path / "bundle", tmp_path / "bundle.zip", "bundle", full)
    assert [path.name for path in tmp_path.iterdir()] == ["bundle"]

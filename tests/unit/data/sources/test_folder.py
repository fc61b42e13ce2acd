"""Reading a target from disk."""

import os
from collections.abc import Callable
from pathlib import Path

import pytest
from PIL import Image

from tlviz.data.sources.folder import FolderIndex, _is_elsewhere, given_path, scan_folder
from tlviz.errors import BadDatasetError

Draw = Callable[..., None]


@pytest.fixture
def draw(tmp_path: Path) -> Draw:
    """Write small pictures at paths below tmp_path/target."""
    content = tmp_path / "pixel.png"
    Image.new("RGB", (4, 4)).save(content)

    def write(*paths: str) -> None:
        for path in paths:
            file = tmp_path / "target" / path
            file.parent.mkdir(parents=True, exist_ok=True)
            file.write_bytes(b"words" if path.endswith(".txt") else content.read_bytes())

    return write


def rows(index: FolderIndex) -> list[tuple[str, str, str]]:
    """(part, class, path below the root) of each picture, in order."""
    return [
        (part, index.classes[label], file.relative_to(index.root).as_posix())
        for part, label, file in zip(index.parts, index.labels, index.files, strict=True)
    ]


def refusal(root: Path) -> str:
    with pytest.raises(BadDatasetError) as caught:
        scan_folder(root)
    message = str(caught.value)
    assert "\n" not in message
    assert message.endswith(".")
    assert str(root) in message
    return message


def test_flat(tmp_path: Path, draw: Draw) -> None:
    draw("dog/2.png", "dog/1.JPG", "cat/a.webp", "cat/deeper/b.png")
    (tmp_path / "target/readme.txt").write_text("x")
    (tmp_path / "target/dog/notes.txt").write_text("x")
    index = scan_folder(tmp_path / "target")
    assert index.classes == ("cat", "dog")
    assert rows(index) == [
        ("", "cat", "cat/a.webp"),
        ("", "cat", "cat/deeper/b.png"),
        ("", "dog", "dog/1.JPG"),
        ("", "dog", "dog/2.png"),
    ]
    assert index.problems == ()


@pytest.mark.parametrize("name", ["val", "valid", "validation", "Val"])
def test_parts(tmp_path: Path, draw: Draw, name: str) -> None:
    draw("train/cat/1.png", "train/dog/1.png", f"{name}/dog/2.png", "test/cat/3.png", "elsewhere/bird/4.png")
    assert rows(scan_folder(tmp_path / "target")) == [
        ("train", "cat", "train/cat/1.png"),
        ("train", "dog", "train/dog/1.png"),
        ("val", "dog", f"{name}/dog/2.png"),
        ("test", "cat", "test/cat/3.png"),
    ]


def test_parts_without_validation(tmp_path: Path, draw: Draw) -> None:
    draw("train/cat/1.png", "train/dog/1.png", "test/cat/3.png")
    assert scan_folder(tmp_path / "target").parts == ("train", "train", "test")


def test_val_without_train_is_a_class_like_others(tmp_path: Path, draw: Draw) -> None:
    draw("val/1.png", "dog/1.png")
    assert scan_folder(tmp_path / "target").classes == ("dog", "val")


def test_no_picture_is_lost_where_a_part_has_two_names(tmp_path: Path, draw: Draw) -> None:
    draw("train/cat/1.png", "train/dog/1.png", "val/cat/2.png", "valid/dog/3.png")
    try:
        index = scan_folder(tmp_path / "target")
    except BadDatasetError as error:
        assert "val" in str(error)  # a refusal that says why is as good
        return
    told = " ".join(problem.path for problem in index.problems)
    read = [path for _, _, path in rows(index)]
    assert "val/cat/2.png" in read or str(tmp_path / "target/val") in told.split()
    assert "valid/dog/3.png" in read or str(tmp_path / "target/valid") in told.split()


def test_train_may_be_a_class(tmp_path: Path, draw: Draw) -> None:
    draw("bus/1.png", "car/1.png", "train/1.png")
    assert scan_folder(tmp_path / "target").classes == ("bus", "car", "train")


def test_linked_class_and_linked_file(tmp_path: Path, draw: Draw) -> None:
    draw("dog/1.png", "../elsewhere/cats/1.png", "../elsewhere/rex.png")
    (tmp_path / "target/cat").symlink_to(tmp_path / "elsewhere/cats", target_is_directory=True)
    (tmp_path / "target/dog/rex.png").symlink_to(tmp_path / "elsewhere/rex.png")
    assert rows(scan_folder(tmp_path / "target")) == [
        ("", "cat", "cat/1.png"),
        ("", "dog", "dog/1.png"),
        ("", "dog", "dog/rex.png"),
    ]


def test_a_link_back_to_its_own_class_is_walked_once(tmp_path: Path, draw: Draw) -> None:
    draw("cat/1.png", "dog/1.png", "dog/deep/2.png")
    (tmp_path / "target/dog/deep/again").symlink_to(tmp_path / "target/dog", target_is_directory=True)
    assert [path for _, _, path in rows(scan_folder(tmp_path / "target"))] == [
        "cat/1.png",
        "dog/1.png",
        "dog/deep/2.png",
    ]


def test_two_links_in_a_circle_inside_a_class_are_ignored(tmp_path: Path, draw: Draw) -> None:
    draw("cat/1.png", "dog/1.png")
    (tmp_path / "target/dog/a").symlink_to(tmp_path / "target/dog/b")
    (tmp_path / "target/dog/b").symlink_to(tmp_path / "target/dog/a")
    assert len(scan_folder(tmp_path / "target").files) == 2


def test_a_link_to_itself_beside_the_classes_is_ignored(tmp_path: Path, draw: Draw) -> None:
    draw("cat/1.png", "dog/1.png")
    (tmp_path / "target/loop").symlink_to(tmp_path / "target/loop")
    assert scan_folder(tmp_path / "target").classes == ("cat", "dog")


def test_a_dangling_link_beside_the_classes_is_ignored(tmp_path: Path, draw: Draw) -> None:
    draw("cat/1.png", "dog/1.png")
    (tmp_path / "target/gone").symlink_to(tmp_path / "nowhere")
    assert scan_folder(tmp_path / "target").classes == ("cat", "dog")


def test_hidden_entries_are_ignored(tmp_path: Path, draw: Draw) -> None:
    draw("cat/1.png", "dog/1.png", ".git/1.png", "dog/.thumbnails/1.png", "dog/._1.png", ".hidden.png")
    index = scan_folder(tmp_path / "target")
    assert index.classes == ("cat", "dog")
    assert [path for _, _, path in rows(index)] == ["cat/1.png", "dog/1.png"]
    assert index.problems == ()


def test_an_empty_class_is_left_out_and_reported(tmp_path: Path, draw: Draw) -> None:
    draw("ant/1.png", "cat/notes.txt", "dog/1.png")
    index = scan_folder(tmp_path / "target")
    assert index.classes == ("ant", "dog")
    assert index.labels == (0, 1)
    (problem,) = index.problems
    assert problem.path == str(tmp_path / "target/cat")
    assert "no pictures" in problem.problem
    assert problem.action == "left out"


def test_names_in_other_scripts(tmp_path: Path, draw: Draw) -> None:
    draw("кошка/фото 1.png", "犬/写真.png", "زهرة/1.png", "naïve café/ü.png")
    index = scan_folder(tmp_path / "target")
    assert set(index.classes) == {"кошка", "犬", "زهرة", "naïve café"}
    assert ("", "犬", "犬/写真.png") in rows(index)
    assert ("", "кошка", "кошка/фото 1.png") in rows(index)


def test_home_is_expanded(tmp_path: Path, draw: Draw, monkeypatch: pytest.MonkeyPatch) -> None:
    draw("cat/1.png", "dog/1.png")
    monkeypatch.setenv("HOME", str(tmp_path))
    monkeypatch.setenv("USERPROFILE", str(tmp_path))
    assert scan_folder(Path("~/target")).root == tmp_path / "target"


def test_one_class_is_refused(tmp_path: Path, draw: Draw) -> None:
    draw("cat/1.png", "cat/2.png")
    message = refusal(tmp_path / "target")
    assert "one class only ('cat')" in message
    assert "at least two" in message


@pytest.mark.parametrize("path", ["1.png", "cat/notes.txt", ".cat/1.png"])
def test_no_pictures_in_sub_folders_is_refused(tmp_path: Path, draw: Draw, path: str) -> None:
    draw(path)
    message = refusal(tmp_path / "target")
    assert "no pictures in sub-folders" in message
    assert "each class into a sub-folder" in message


def test_a_missing_folder_is_refused(tmp_path: Path) -> None:
    message = refusal(tmp_path / "nowhere")
    assert "does not exist" in message
    assert "one sub-folder of pictures a class" in message


def test_a_file_is_refused(tmp_path: Path) -> None:
    (tmp_path / "file").touch()
    assert "cannot be read: Not a directory" in refusal(tmp_path / "file")


def test_a_class_without_training_pictures_is_refused(tmp_path: Path, draw: Draw) -> None:
    draw("train/cat/1.png", "train/dog/1.png", "train/fox/notes.txt", "val/fox/1.png", "test/ant/1.png")
    message = refusal(tmp_path / "target")
    assert "no training pictures of ant, fox;" in message
    assert "train/" in message


def test_classes_that_differ_in_case_or_encoding_only_stay_apart_and_are_reported(tmp_path: Path, draw: Draw) -> None:
    draw("Cat/1.png", "cat/1.png", "caf\u00e9/1.png", "cafe\u0301/1.png", "dog/1.png")
    index = scan_folder(tmp_path / "target")
    assert len(index.classes) == len(set(index.labels)) == 5
    assert [(problem.path, problem.action.split(";")[0]) for problem in index.problems] == [
        (str(tmp_path / "target"), "kept as two classes")
    ] * 2
    told = {problem.problem for problem in index.problems}
    assert "the classes 'Cat' and 'cat' differ in upper and lower case only" in told
    assert "the classes 'cafe\u0301' and 'caf\u00e9' differ in the encoding of an accent only" in told


def test_a_folder_that_may_not_be_read_is_one_sentence(
    tmp_path: Path, draw: Draw, monkeypatch: pytest.MonkeyPatch
) -> None:
    draw("cat/1.png", "dog/1.png", "fox/1.png")
    forbidden = {str(tmp_path / "target")}
    real = os.scandir

    def scandir(path: os.PathLike[str] | str) -> object:
        if str(path) in forbidden:
            raise PermissionError(13, "Permission denied", str(path))
        return real(path)

    monkeypatch.setattr(os, "scandir", scandir)
    assert "cannot be read: Permission denied" in refusal(tmp_path / "target")
    forbidden = {str(tmp_path / "target/fox")}
    index = scan_folder(tmp_path / "target")
    assert index.classes == ("cat", "dog")
    assert {(problem.path, problem.problem) for problem in index.problems} == {
        (str(tmp_path / "target/fox"), "the folder cannot be read: Permission denied"),
    }


@pytest.mark.parametrize(
    ("text", "is_refused"),
    [
        (r"\\host\share\pictures", True),
        ("//host/share/pictures", True),
        (r"\\10.0.0.1\c$", True),
        (r"/\host/share", True),
        (r"  \\host\share", True),
        (r'"\\host\share"', True),
        (r"\\?\UNC\host\share", True),
        (r"\\?\unc\host\share", True),
        (r"\\.\pipe\name", True),
        (r"\\host@80\share", True),
        (r"\\?\C:\pictures", False),
        (r"C:\pictures", False),
        (r"\pictures", False),
        ("pictures/cats", False),
    ],
)
def test_windows_is_not_sent_to_another_machine(text: str, is_refused: bool, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("os.name", "nt")
    assert _is_elsewhere(text) is is_refused
    if is_refused:
        with pytest.raises(BadDatasetError, match="is on another machine"):
            given_path(text)
    monkeypatch.setattr("os.name", "posix")
    assert not _is_elsewhere(text)

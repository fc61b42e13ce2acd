"""Classes in the names of files: a table of folders with the right reading, question or refusal beside each."""

from __future__ import annotations

import re
from collections import Counter
from pathlib import Path

import pytest

from tlviz.data.sources.file_names import classes_in_names
from tlviz.data.sources.folder import FolderIndex, scan_folder
from tlviz.data.sources.reading import Layout, ReadAs
from tlviz.errors import BadDatasetError, BadSettingError

# The files, {1-4} for each of these numbers, and the classes by part ("part class:count …") that the names say; each is
# a question, as nobody has asked for it.
CLASSED = {
    "cat.{0-3}.jpg dog.{0-3}.jpg": "cat:4 dog:4",
    "Abyssinian_{1-3}.jpg american_pit_bull_terrier_{1-3}.jpg": "Abyssinian:3 american_pit_bull_terrier:3",
    "cat{1-3}.png dog{1-3}.png": "cat:3 dog:3",
    "cat ({1-3}).png dog ({1-3}).png": "cat:3 dog:3",
    "000{1-3}_cat.png 000{4-6}_dog.png": "cat:3 dog:3",
    "IMG_000{1-3}_cat.png IMG_000{4-6}_dog.png": "cat:3 dog:3",
    "img_cat_{1-3}.png img_dog_{1-3}.png": "cat:3 dog:3",
    "class1_000{1-3}.png class2_000{1-3}.png": "class1:3 class2:3",
    "class_0_00{1-3}.png class_1_00{1-3}.png": "class_0:3 class_1:3",
    "person{1-3}_virus_1.png person{4-6}_bacteria_1.png": "bacteria:3 virus:3",
    "n01440764_{10-12}.JPEG n01443537_{10-12}.JPEG": "n01440764:3 n01443537:3",
    "COVID-{1-3}.png Viral Pneumonia-{1-3}.png": "COVID:3 Viral Pneumonia:3",
    "golden_asleep_{1-1}.png golden_awake_{2-2}.png golden_wet_{3-3}.png pug_lying_1.png pug_black_2.png pug_old_3.png":
        "golden:3 pug:3",
    "Katze_{1-3}.png Hündin_{1-3}.png": "Hündin:3 Katze:3",
    "猫_{1-3}.png 犬_{1-3}.png": "犬:3 猫:3",
    "train/cat.{0-3}.jpg train/dog.{0-3}.jpg test1/{1-5}.jpg": "train cat:4 dog:4",
    "train/cat.{0-3}.jpg train/dog.{0-3}.jpg val/cat.{4-5}.jpg val/dog.{4-5}.jpg": "train cat:4 dog:4 val cat:2 dog:2",
    "dogs/train/cat.{0-3}.jpg dogs/train/dog.{0-3}.jpg dogs/test/dog.9.jpg": "train cat:4 dog:4 test dog:1",
    "train_cat_{1-3}.png train_dog_{1-3}.png test_cat_{1-2}.png": "train cat:3 dog:3 test cat:2",
    "Tr-gl_00{1-3}.jpg Tr-me_00{1-3}.jpg Te-gl_001.jpg": "train gl:3 me:3 test gl:1",
    "cat_train_{1-3}.png dog_train_{1-3}.png cat_test_{4-5}.png": "train cat:3 dog:3 test cat:2",
    "cat_{1-3}.png dog_{1-3}.png cat_val_{4-5}.png": "train cat:3 dog:3 val cat:2",
    "images/cat_{1-3}.jpg images/dog_{1-3}.jpg": "cat:3 dog:3",
    "batch1/cat_{1-3}.jpg batch1/dog_{1-3}.jpg batch2/cat_{4-5}.jpg": "cat:5 dog:3",
    "cat_{1-3}.jpg dog_{1-3}.jpg notes.txt": "cat:3 dog:3",
    "cat_{1-5}.jpg dog_{1-5}.jpg 4711.jpg": "cat:5 dog:5",
}  # fmt: skip

NONE = (
    "{1-6}.png",
    "IMG_{1234-1239}.jpg",
    "DSC0{1234-1239}.JPG DSCN{1-6}.JPG",
    "2024-01-0{1-6}.jpg",
    "20240101_12000{1-6}.jpg",
    "IMG-20240101-WA000{1-6}.jpg Screenshot 2024-01-0{1-6}.png",
    "patient{1-3}_left.png patient{1-3}_right.png",
    "{10-13}_left.png {10-13}_right.png",
    "cat_{1-6}.png",
    "anna.png bert.png carl.png dora.png",
    "ISIC_002430{1-6}.jpg",
    "frame_000{1-6}.png",
    "C3{1-3}P1thinF_IMG_2015_cell_9{1-3}.png",
    "train/{1-6}.png test/{1-6}.png",
)


def write(folder: Path, files: str) -> Path:
    """Write files, their braces spelled out; blanks in names are written as they are between two braces' names."""
    for word in re.findall(r"\S+(?: (?:Pneumonia|\()\S+| 2024\S+)?", files):
        first, _, rest = word.partition("{")
        span, _, last = rest.partition("}")
        low, _, high = span.partition("-")
        names = [f"{first}{at}{last}" for at in range(int(low), int(high) + 1)] if span else [word]
        for name in names:
            if "{" in name:
                write(folder, name)
                continue
            (folder / name).parent.mkdir(parents=True, exist_ok=True)
            (folder / name).write_bytes(b"")
    return folder


def summary(index: FolderIndex) -> str:
    """Return "part class:count …" for each part."""
    said = []
    for part in ("train", "val", "test", ""):
        counts = Counter(
            index.classes[label] for label, of in zip(index.labels, index.parts, strict=True) if of == part
        )
        said += [part] * bool(counts and part) + [f"{name}:{counts[name]}" for name in sorted(counts)]
    return " ".join(said)


@pytest.mark.parametrize("files", CLASSED)
def test_classes_in_names_are_a_question_unless_asked_for(files: str, tmp_path: Path) -> None:
    root = write(tmp_path / "set", files)
    index = scan_folder(root)
    assert index.reading.used.layout is Layout.NAMES
    (question,) = index.reading.questions
    assert question.choices[0] == "names"
    assert all(name in question.sentence for name in index.classes)
    asked = scan_folder(root, read_as=ReadAs(layout=Layout.NAMES))
    assert (summary(asked), asked.reading.questions) == (CLASSED[files], ())
    assert "by the names of the files" in asked.reading.layout
    assert asked.files == index.files


@pytest.mark.parametrize("files", NONE)
@pytest.mark.parametrize("asked", [False, True])
def test_names_that_tell_no_classes_are_refused_with_what_to_do(files: str, asked: bool, tmp_path: Path) -> None:
    root = write(tmp_path / "set", files)
    if not asked and files.startswith("train/"):
        index = scan_folder(root)
        assert [one.choices for one in index.reading.questions] == [("classes",)]
        return
    with pytest.raises(BadDatasetError, match="tell no two classes; put the pictures of each class into a sub-folder"):
        scan_folder(root, read_as=ReadAs(layout=Layout.NAMES) if asked else ReadAs())


def test_what_has_no_class_in_its_name_is_named(tmp_path: Path) -> None:
    root = write(tmp_path / "set", "train/cat.{0-3}.jpg train/dog.{0-3}.jpg test1/{1-2}.jpg readme.md")
    index = scan_folder(root, read_as=ReadAs(layout=Layout.NAMES))
    assert {one.path: one.reason for one in index.left_out} == {
        "readme.md": "not a picture file",
        "test1/1.jpg": "its name gives no class",
        "test1/2.jpg": "its name gives no class",
    }


@pytest.mark.parametrize(
    ("files", "pattern", "found"),
    [
        ("7_{1-3}.png 9_{1-3}.png", r"^(\d+)_", "7:3 9:3"),
        ("{1-3}_left.png {1-3}_right.png", "(left|right)", "left:3 right:3"),
        ("cat_black_{1-2}.png cat_white_{1-2}.png dog_black_1.png", "^cat|^dog", "cat:4 dog:1"),
        ("train/a{1-2}.png train/b{1-2}.png test/a9.png", "^([ab])", "train a:2 b:2 test a:1"),
    ],
)
def test_a_pattern_says_the_class(files: str, pattern: str, found: str, tmp_path: Path) -> None:
    index = scan_folder(write(tmp_path / "set", files), read_as=ReadAs(class_pattern=pattern))
    assert (summary(index), index.reading.questions) == (found, ())
    assert index.reading.used == ReadAs(layout=Layout.NAMES, class_pattern=pattern)


@pytest.mark.parametrize(
    ("read_as", "said"),
    [
        (ReadAs(class_pattern="("), "The class pattern '(' is no regular expression"),
        (ReadAs(class_pattern="owl"), "The class pattern 'owl' finds nothing in any picture's name"),
        (ReadAs(class_pattern="cat", layout=Layout.CLASSES), "A class pattern is for the layout names"),
    ],
)
def test_a_pattern_that_cannot_be_used_is_one_sentence(read_as: ReadAs, said: str, tmp_path: Path) -> None:
    root = write(tmp_path / "set", "cat_{1-3}.png dog_{1-3}.png")
    with pytest.raises(BadSettingError) as caught:
        scan_folder(root, read_as=read_as)
    assert said in str(caught.value)


def test_folders_of_classes_go_before_names(tmp_path: Path) -> None:
    root = write(tmp_path / "set", "cats/cat.{0-3}.jpg cats/tabby.{0-3}.jpg dogs/dog.{0-3}.jpg dogs/tabby.{0-3}.jpg")
    index = scan_folder(root)
    assert (summary(index), index.reading.questions) == ("cats:8 dogs:8", ())


def test_a_hundred_thousand_names_are_read_at_once() -> None:
    stems = [f"{'cat' if at % 2 else 'dog'}.{at}" for at in range(20_000)]
    assert Counter(classes_in_names(stems)) == {"cat": 10_000, "dog": 10_000}

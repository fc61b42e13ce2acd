"""Tables as people have them, each with the right reading written beside it."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from tlviz.data.images import open_target
from tlviz.data.sources.reading import ReadAs
from tlviz.data.sources.tables import rows as rows_module
from tlviz.data.sources.target import Target
from tlviz.errors import TlvizError

N = 12
JPG = tuple(f"{at}.jpg" for at in range(N))
PETS = ("cat", "dog", "owl")


@dataclass(frozen=True)
class Case:
    """A table: its header, a value or a list of values (repeated) for each column, and the files beside it.

    ``label``, ``path`` and ``split`` are the columns that it should be read by; ``asks`` the options in question;
    ``parts`` counts the pictures of each part; ``lost`` how many rows are left out; ``says`` is in its layout.
    """

    name: str
    columns: dict[str, Any]
    label: str
    path: str = "file"
    split: str | None = None
    classes: Sequence[str] = PETS
    parts: dict[str, int] | None = None
    lost: int = 0
    asks: Sequence[str] = ()
    says: str = ""
    files: Sequence[str] = JPG
    separator: str = ","
    read_as: ReadAs | None = None
    at: str = "labels.csv"


FILE = {"file": JPG}
LABEL = {"label": PETS}
TWO = {"label": ["cat", "cat", "cat", "dog", "dog", "dog"]}
IDS = [f"ISIC_{at}" for at in range(N)]
HAM = {
    "lesion_id": [f"HAM_{at // 2}" for at in range(N)], "image_id": IDS, "dx": ["nv", "mel", "bcc"],
    "dx_type": ["histo", "follow_up"], "age": [40, 45, 50], "sex": ["male", "female"], "localization": ["back", "face"],
}  # fmt: skip
ONE_HOT = {"MEL": ["1.0", "0.0", "0.0"], "NV": ["0.0", "1.0", "0.0"], "BCC": ["0.0", "0.0", "1.0"]}
SKIN = ["BCC", "MEL", "NV"]
SPLIT = ["train", "test", "val", "train"]
FOUR = {"train": 6, "val": 3, "test": 3}


def parted(column: str, values: Sequence[Any], **more: Any) -> Case:
    """Return a table of cats and dogs whose ``column`` names the parts."""
    expected = {"split": column, "parts": FOUR, "classes": ["cat", "dog"], **more}
    return Case(f"parts in {column}: {values}", FILE | TWO | {column: values}, "label", **expected)


CASES = [
    # the label column, by name and by content
    Case("path and label", FILE | LABEL, "label", says="pictures from 'file', classes from 'label'"),
    Case("HAM10000: dx, not dx_type, sex or localization", HAM, "dx", "image_id", classes=["bcc", "mel", "nv"],
         files=[f"HAM_part_{1 + at // 6}/{name}.jpg" for at, name in enumerate(IDS)], says="6 in HAM_part_1 as .jpg"),
    Case("diagnosis, not who labelled it and when", FILE | {"labeler": ["ann", "bob"], "labelled_on": ["2020-01-02",
         "2020-01-03"], "diagnosis": PETS}, "diagnosis"),
    Case("label, not its confidence", FILE | {"label_confidence": [f"0.{at}5" for at in range(N)]} | LABEL, "label"),
    Case("label, not score, id, date, url, hash", FILE | {"id": [*range(N)], "score": [0.5, 0.25],
         "date": ["2020-01-02", "2020-01-03"], "url": [f"https://a.b/{at}.jpg" for at in range(N)],
         "md5": ["0" * 32, "1" * 32]} | LABEL, "label"),
    Case("a name goes before its number", FILE | {"label_id": [0, 1, 2], "label_name": PETS}, "label_name"),
    Case("class_idx and class_name", {"class_idx": [7, 8, 9], "class_name": PETS} | FILE, "class_name"),
    Case("label in numbers, name in words", FILE | {"label": [0, 1, 2], "name": PETS}, "name"),
    Case("ClassId alone", FILE | {"Width": [30, 31], "ClassId": [0, 1, 2]}, "ClassId", classes=["0", "1", "2"]),
    Case("1 and 1.0 are one class", FILE | {"label": ["1", "1.0", "2", "2"]}, "label", classes=["1", "2"],
         says="'1.0' is read as '1'"),
    Case("a set of three numbers", FILE | LABEL | {"set": [1, 2, 3]}, "label", asks=["split_column"]),
    Case("numbers by their value", FILE | {"label": [10, 2, -1]}, "label", classes=["-1", "2", "10"]),
    Case("fractions by their value", FILE | {"grade": ["10", "1.5", "2"]}, "grade", classes=["1.5", "2", "10"]),
    Case("capitals and blanks", FILE | {" Species ": PETS}, "Species"),
    Case("target", FILE | {"target": [0, 1]}, "target", classes=["0", "1"]),
    Case("German", {"Bilddatei": JPG, "Klasse": PETS, "Notiz": ["a"]}, "Klasse", "Bilddatei"),
    Case("Russian", {"файл": JPG, "метка": ["кот", "пёс"], "врач": ["А", "Б"]}, "метка", "файл",
         classes=["кот", "пёс"]),
    Case("Chinese", {"文件": JPG, "标签": ["猫", "狗"]}, "标签", "文件", classes=["狗", "猫"]),
    Case("no name says it: the words that repeat", {"a": [7, *range(8, 19)], "b": JPG, "c": PETS}, "c", "b"),
    Case("two equally good columns are asked about", FILE | {"species": PETS, "label": ["x", "y"]}, "label",
         classes=["x", "y"], asks=["label_column"], says="classes from"),
    Case("coarse and fine are asked about", FILE | {"coarse_label": ["a", "a", "b"], "fine_label": PETS}, "fine_label"),
    Case("a person's choice is no question", FILE | {"species": PETS, "label": ["x", "y"]}, "species",
         read_as=ReadAs(label_column="Species")),
    Case("only how it was taken is left: asked", FILE | {"camera": ["a", "b"], "width": [1, 2]}, "camera",
         classes=["a", "b"], asks=["label_column"]),
    Case("numbers that nothing calls labels: asked", FILE | {"mag": [40, 100, 200], "n": [*range(N)]}, "mag",
         classes=["40", "100", "200"], asks=["label_column"]),
    Case("one column of numbers is left of several: asked", {"fold": [0, 1, 2, 3], "mag": [40, 100, 200], "grp":
         ["train"] * 9 + ["test"] * 3} | FILE, "mag", split="grp",
         classes=["40", "100", "200"], parts={"train": 9, "test": 3},
         asks=["label_column"]),
    Case("the Stanford cars", {"relative_im_path": JPG, "class": [1, 2, 3], "bbox_x1": [*range(N)], "test": [1, 0, 0,
         0]}, "class", "relative_im_path", "test", ["1", "2", "3"], {"test": 3, "train": 9}),
    Case("the class names of a hundred sports", {"class id": [0, 1, 2], "filepaths": JPG, "labels": PETS, "data set":
         ["train"] * 6 + ["test"] * 3 + ["valid"] * 3, "scientific name": ["X z", "Y z", "Z z"]}, "labels", "filepaths",
         "data set", parts={"train": 6, "test": 3, "val": 3}),
    Case("three paths, two of them masks, under another ending", {"breast density": [1, 2, 3], "pathology": ["BENIGN",
         "MALIGNANT"], "image file path": [f"a/{at}.dcm" for at in range(N)], "ROI mask file path": [f"m/{at}.dcm"
         for at in range(N)]}, "pathology", "image file path", classes=["BENIGN", "MALIGNANT"],
         files=[f"{folder}/{at}.png" for folder in "am" for at in range(N)], says="12 in a as .png"),
    Case("a column without a name", {"": [*range(N)], "path": JPG} | LABEL, "label", "path"),
    Case("several labels in a cell are asked about", FILE | {"labels": ["a", "b", "a|b"]}, "labels",
         classes=["a", "a|b", "b"], asks=["label_column"]),
    # one-hot
    Case("one-hot in fractions", FILE | ONE_HOT, "MEL, NV, BCC", classes=SKIN, says="one-hot"),
    Case("one-hot in words", FILE | {"cat": ["True", "False"], "dog": ["False", "True"]}, "cat, dog",
         classes=["cat", "dog"]),
    Case("one-hot by a cross", FILE | {"cat": ["x", "", ""], "dog": ["", "x", ""], "owl": ["", "", "x"]},
         "cat, dog, owl"),
    Case("one-hot with a class without pictures", FILE | ONE_HOT | {"UNK": "0.0"}, "MEL, NV, BCC, UNK", classes=SKIN),
    Case("one-hot after another yes or no", FILE | {"male": [1, 0, 1, 0, 1]} | ONE_HOT, "MEL, NV, BCC", classes=SKIN),
    Case("one-hot: none and several are left out", FILE | {"MEL": [1, 1, 0, 0, 1, 0, 0, 1, 0, 0, 1, 0],
         "NV": [0, 1, 0, 1, 0, 1, 0, 0, 1, 0, 0, 1], "BCC": [0, 0, 1, 0, 0, 0, 0, 0, 0, 1, 0, 0]}, "MEL, NV, BCC",
         classes=SKIN, lost=2),
    Case("a class called train", FILE | {"bus": [1, 0, 0], "car": [0, 1, 0], "train": [0, 0, 1]}, "bus, car, train",
         classes=["bus", "car", "train"]),
    Case("one-hot and its name", FILE | ONE_HOT | {"diagnosis": ["MEL", "NV", "BCC"]}, "diagnosis", classes=SKIN),
    # paths
    Case("picture and mask", {"image": [f"im/{at}.png" for at in range(N)], "mask": [f"m/{at}.png" for at in range(N)]}
         | LABEL, "label", "image", files=[f"{folder}/{at}.png" for folder in ("im", "m") for at in range(N)]),
    Case("left and right are asked about", {"left": [f"l{at}.png" for at in range(N)], "right": [f"r{at}.png" for at in
         range(N)]} | LABEL, "label", "left", files=[f"{side}{at}.png" for side in "lr" for at in range(N)],
         asks=["path_column"]),
    Case("the one whose files are there", {"original": [f"raw/{at}.tif" for at in range(N)]} | FILE | LABEL, "label"),
    Case("an id in one of several folders", {"id": [*range(N)]} | LABEL, "label", "id",
         files=[f"masks/{at}.png" for at in range(N)] + [f"images/{at}.png" for at in range(N)], says="images as .png"),
    Case("another machine's paths", {"path": [f"/kaggle/input/pets/train/{at}.jpg" for at in range(N)]} | LABEL,
         "label", "path", files=[f"train/{at}.jpg" for at in range(N)], says="12 in train"),
    Case("a Windows machine's paths", {"path": [rf"C:\pets\{at}.JPG" for at in range(N)]} | LABEL, "label", "path"),
    Case("a table beside the pictures' folder", {"id": IDS} | LABEL, "label", "id", at="annotations/a.csv",
         files=[f"images/{name}.png" for name in IDS], says="../images"),
    Case("the folder that the row names", {"id": [*range(6)] * 2, "split": ["train"] * 6 + ["test"] * 6} | LABEL,
         "label", "id", split="split", files=[f"{part}/{at}.jpg" for part in ("train", "test") for at in range(6)],
         parts={"train": 6, "test": 6}),
    # parts
    *(parted(column, SPLIT) for column in ("split", "dataset", "data set", "data_set", "phase", "Dataset_type", "usage",
                                           "PARTITION", "subset", "grp")),
    parted("split", ["Training", "TEST", "validation", " train "]),
    parted("split", ["trn", "tst", "dev", "training_set"]),
    parted("split", ["train", "holdout", "valid", "Train"]),
    parted("split", ["train", "eval", "val", "train"], parts={"train": 6, "val": 3, "test": 3}),
    parted("split", ["train", "test", "val", "Test2"], parts={"train": 3, "val": 3, "test": 3}, lost=3),
    parted("split", ["train", "test", "val", ""], parts={"train": 3, "val": 3, "test": 3}, lost=3),
    parted("dataset", ["train", "unused", "val", "extra"], parts={"train": 3, "val": 3}, lost=6),
    parted("is_train", [1, 0, 1, 1], parts={"train": 9, "test": 3}, says="where is_train says no, it is test"),
    parted("train", ["yes", "no", "Yes", "YES"], parts={"train": 9, "test": 3}),
    parted("is_test", ["False", "True", "False", "False"], parts={"train": 9, "test": 3}),
    parted("is_valid", ["False", "True", "False", "False"], parts={"train": 9, "val": 3}),
    Case("two columns of parts", FILE | TWO | {"is_train": [1, 0, 0], "is_test": [0, 1, 0]}, "label",
         split="is_train, is_test", classes=["cat", "dog"], parts={"train": 4, "test": 4, "val": 4}),
    Case("parts by the folders in the paths", {"path": [f"{'train' if at < 9 else 'test'}/{at}.jpg" for at in range(N)]}
         | LABEL, "label", "path", files=[f"{'train' if at < 9 else 'test'}/{at}.jpg" for at in range(N)],
         parts={"train": 9, "test": 3}, says="parts from the folders"),
    parted("fold", [0, 1, 2, 3], split=None, parts={"": 12}, says="the folds in 'fold' are not used"),
    parted("split", [0, 1, 2, 0], split=None, parts={"": 12}, asks=["split_column"]),
    parted("split", ["A", "B"], split=None, parts={"": 12}, asks=["split_column"]),
    parted("split", [0, 1, 2, 0], parts={"train": 6, "val": 3, "test": 3}, read_as=ReadAs(split_column="SPLIT")),
    parted("split", SPLIT, split=None, parts={"": 12}, read_as=ReadAs(split_column="none"), says="ignored"),
    parted("phase", [1, 2, 3], split=None, parts={"": 12}),
    Case("two columns that part differently are asked about", FILE | TWO | {"split_1": SPLIT, "split_2": SPLIT[::-1]},
         "label", split="split_1", classes=["cat", "dog"], parts=FOUR, asks=["split_column"]),
    # separators and headers
    *(Case(f"separated by {sign!r}", FILE | LABEL, "label", separator=sign) for sign in ";\t| "),
    Case("blanks in paths, blanks between columns", {"path": [f"my dir/{at}.jpg" for at in range(N)], "class": [3, 4]},
         "class", "path", separator=" ", classes=["3", "4"], files=[f"my dir/{at}.jpg" for at in range(N)]),
    Case("blanks in labels", FILE | {"label": ["golden retriever", "tabby cat"]}, "label", separator=" ",
         classes=["golden retriever", "tabby cat"], at="train.txt"),
    Case("a mark before the header", {"#file": JPG} | LABEL, "label", "file"),
]  # fmt: skip


def written(case: Case, folder: Path) -> Path:
    """Write a case's table and files; return the table."""
    for name in case.files:
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
        (folder / name).write_bytes(b"not opened")
    values = [value if isinstance(value, list | tuple) else [value] for value in case.columns.values()]
    rows = [[str(value[at % len(value)]) for value in values] for at in range(N)]
    lines = [case.separator.join(row) for row in ([*case.columns], *rows)]
    path = folder / case.at
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text("\n".join(lines), encoding="utf-8")
    return path


@pytest.mark.parametrize("case", CASES, ids=lambda case: case.name)
def test_a_table_is_read_as_a_person_would(case: Case, tmp_path: Path) -> None:
    target = open_target(str(written(case, tmp_path / "set")), read_as=case.read_as or ReadAs())
    reading = target.reading
    assert (reading.label_column, reading.path_column, reading.split_column) == (case.label, case.path, case.split)
    assert [question.option for question in reading.questions] == list(case.asks)
    assert list(target.classes) == list(case.classes)
    assert Counter(target.parts) == (case.parts or {"": N - case.lost})
    assert len(target.left_out) == case.lost
    assert case.says in reading.layout


@pytest.mark.parametrize("case", CASES, ids=lambda case: case.name)
def test_the_decisions_of_a_reading_give_it_again(case: Case, tmp_path: Path) -> None:
    path = str(written(case, tmp_path / "set"))
    first = open_target(path, read_as=case.read_as or ReadAs())
    again = open_target(path, read_as=first.reading.used)
    assert (again.names, again.labels.tolist(), again.parts) == (first.names, first.labels.tolist(), first.parts)
    for question in first.reading.questions:
        settled = open_target(path, read_as=ReadAs(**{question.option: question.choices[0]}))
        assert (settled.names, settled.labels.tolist()) == (first.names, first.labels.tolist())
        assert question.option not in {other.option for other in settled.reading.questions}


def lines(header: str, *rows: str) -> str:
    return "\n".join([header, *rows])


def row_of(values: Sequence[int], at: int) -> str:
    return ",".join([f"{at}.jpg", *map(str, values)])


MULTI = [row_of([at % 2, at % 3 > 0, at % 4 > 0, 1], at) for at in range(N)]


@pytest.mark.parametrize(
    ("text", "read_as", "words"),
    [
        (lines("file,a,b,c,d", *MULTI).replace("True", "1").replace("False", "0"), ReadAs(), "multi-label"),
        (lines("file,label", "0.jpg,a", "1.jpg,b"), ReadAs(label_column="species"), "no label column 'species'"),
        (lines("file,label", "0.jpg,a", "1.jpg,b"), ReadAs(path_column="x"), "Its columns are: file, label."),
        (lines("file,label", "0.jpg,a", "1.jpg,b"), ReadAs(split_column="x"), "no split column 'x'"),
        (lines("file,label", "0.jpg,a", "1.jpg,b"), ReadAs(group_column="x"), "no group column 'x'"),
        (lines("file,label", "0.jpg,a", "1.jpg,b"), ReadAs(split_column="label"), "names no parts"),
        (lines("file,label,split", "0.jpg,a,test", "1.jpg,b,test"), ReadAs(), "no training pictures of a, b"),
        (lines("file,label", "https://a.b/x.jpg,a", "https://a.b/y.jpg,b"), ReadAs(), "addresses of the web"),
        (lines("file,label", "0.jpg," + "9" * 5000, "1.jpg,b"), ReadAs(), "one class only ('b')"),
        (lines("file,label", "0.jpg,a\0b", "1.jpg,b"), ReadAs(), "NUL"),
        (lines("file,label", "0.jpg," + "a" * 140_000, "1.jpg,b"), ReadAs(), "cannot be read"),
        (",".join(f"c{at}" for at in range(20_000)) + "\n" + ",".join("1" * 20_000), ReadAs(), "20,000 columns"),
        ("PK\x03\x04 and so on", ReadAs(), "an Excel file"),
        ("file,label", ReadAs(), "has no rows"),
    ],
)
def test_what_cannot_be_read_is_one_short_sentence(text: str, read_as: ReadAs, words: str, tmp_path: Path) -> None:
    for name in JPG:
        (tmp_path / name).write_bytes(b"")
    (tmp_path / "t.csv").write_text(text, encoding="utf-8")
    with pytest.raises(TlvizError) as caught:
        open_target(str(tmp_path / "t.csv"), read_as=read_as)
    message = str(caught.value)
    assert words in message
    assert len(message) < 600
    assert "\n" not in message


def test_a_picture_that_is_said_to_test_somewhere_does_not_train(tmp_path: Path) -> None:
    for name in JPG:
        (tmp_path / name).write_bytes(b"")
    rows = ["0.jpg,a,train", "1.jpg,b,train", "2.jpg,a,train", "2.jpg,a,test"]
    (tmp_path / "t.csv").write_text(lines("file,label,split", *rows), encoding="utf-8")
    target = open_target(str(tmp_path / "t.csv"))
    assert target.parts == ("train", "train", "test")


def test_many_lost_rows_are_counted_and_all_are_left_out(tmp_path: Path) -> None:
    (tmp_path / "0.jpg").write_bytes(b"")
    (tmp_path / "1.jpg").write_bytes(b"")
    rows = ["0.jpg,a", "1.jpg,b", *(f"gone{at}.jpg,a" for at in range(300))]
    (tmp_path / "t.csv").write_text(lines("file,label", *rows), encoding="utf-8")
    target: Target = open_target(str(tmp_path / "t.csv"))
    assert len(target.left_out) == 300
    assert target.left_out[0].path == "gone0.jpg"
    assert target.left_out[0].reason == "row 4: the file gone0.jpg does not exist"
    assert len(target.problems) == 21
    assert target.problems[-1].problem == "280 more rows without a picture"


def test_a_table_of_many_rows_is_read_as_one_of_few(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("0.jpg", "1.jpg", "2.jpg", "3.jpg"):
        (tmp_path / name).write_bytes(b"")
    rows = ["file,label,split", "0.jpg,a,train", "1.jpg,b,train", "2.jpg,a,train", "3.jpg,a,train", "3.jpg,b,train"]
    rows += ["2.jpg,a,test", "0.jpg,a,train", *["1.jpg,b,train"] * 150, "4.jpg,b,train", "5.jpg,b,train", ",a,train"]
    (tmp_path / "t.csv").write_text("\n".join(rows), encoding="utf-8")
    monkeypatch.setattr(rows_module, "_MOST_NAMED", 1)
    target = open_target(str(tmp_path / "t.csv"))
    assert list(zip(target.names, target.parts, target.labels.tolist(), strict=True)) == [
        ("0.jpg", "train", 0), ("1.jpg", "train", 1), ("2.jpg", "test", 0),
    ]  # fmt: skip
    assert [(left.path, left.reason) for left in target.left_out] == [
        ("3.jpg", "row 5: the same picture has 2 labels, here 'a'"),
        ("4.jpg", "row 159: the file 4.jpg does not exist"),
        (f"{tmp_path / 't.csv'}: row 161", "row 161: no path"),
        (str(tmp_path / "t.csv"), "2 more rows, for the same reasons"),
    ]
    told = [problem.problem for problem in target.problems]
    assert told[3:6] == [
        "row 7 repeats row 4 in another part (test)", "row 8 repeats row 2", "row 9 repeats row 3",
    ]  # fmt: skip
    assert told[-1] == "52 more rows like the last"


def test_class_names_of_thousands_of_digits_are_left_out(tmp_path: Path) -> None:
    for name in JPG:
        (tmp_path / name).write_bytes(b"")
    rows = ["0.jpg,10", "1.jpg,9", f"2.jpg,{'9' * 5000}", "3.jpg,9"]
    (tmp_path / "t.csv").write_text(lines("file,label", *rows), encoding="utf-8")
    target = open_target(str(tmp_path / "t.csv"))
    assert target.classes == ("9", "10")
    assert [left.reason for left in target.left_out] == ["row 4: its label has 5,000 characters"]


def test_groups_of_a_column_and_columns_that_suggest_them(tmp_path: Path) -> None:
    columns = FILE | {"Patient ID": [at // 3 for at in range(N)]} | LABEL
    path = str(written(Case("", columns, "label"), tmp_path / "set"))
    target = open_target(path, read_as=ReadAs(group_column="patient_id"))
    assert target.groups == tuple(str(at // 3) for at in range(N))
    assert target.reading.group_column == "Patient ID"
    assert target.hints == ()
    assert open_target(path, read_as=ReadAs(group_column="none")).groups == ()
    (hint,) = open_target(path).hints
    assert (hint.option, hint.value) == ("group_column", "Patient ID")

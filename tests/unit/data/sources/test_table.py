"""CSV tables as targets: columns, separators and encodings are found; every row that is not used is named."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest
from PIL import Image

from tlviz.data.images import load_images, open_target
from tlviz.data.pixels.ingest import Geometry
from tlviz.data.pixels.pictures import Fit
from tlviz.data.sources.target import Target
from tlviz.errors import BadDatasetError

Write = Callable[..., Path]
GEOMETRY = Geometry(8, Fit.PAD, "bilinear", 1.0)


@pytest.fixture
def write(tmp_path: Path) -> Write:
    """Write a table beside four pictures img/0.png to img/3.png, brighter with their number."""
    (tmp_path / "img").mkdir()
    for at in range(4):
        Image.new("RGB", (6, 6), (10 * at,) * 3).save(tmp_path / f"img/{at}.png")

    def table(text: str, encoding: str = "utf-8", name: str = "labels.csv") -> Path:
        (tmp_path / name).write_bytes(text.encode(encoding))
        return tmp_path / name

    return table


def labelled(target: Target) -> dict[str, str]:
    return {name: target.classes[label] for name, label in zip(target.names, target.labels, strict=True)}


def refusal(path: Path) -> str:
    with pytest.raises(BadDatasetError) as caught:
        open_target(str(path))
    message = str(caught.value)
    assert str(path) in message
    assert "\n" not in message
    assert message.endswith(".")
    return message


ROWS = [("img/0.png", "cat"), ("img/1.png", "dog"), ("img/2.png", "cat"), ("img/3.png", "dog")]


def lines(separator: str = ",", header: str = "path,label") -> str:
    return "\n".join([header.replace(",", separator), *(separator.join(row) for row in ROWS)])


def test_a_table_is_a_target_named_by_its_paths(write: Write) -> None:
    images = load_images(str(write(lines())), GEOMETRY)
    assert images.classes == ("cat", "dog")
    assert images.names == ("img/0.png", "img/1.png", "img/2.png", "img/3.png")
    assert images.labels.tolist() == [0, 1, 0, 1]
    assert images.parts == ("",) * 4
    assert images.pixels[:, 4, 4, 0].tolist() == [0, 10, 20, 30]
    assert (images.title, images.problems) == ("labels", ())


@pytest.mark.parametrize("separator", [",", ";", "\t", "|"])
@pytest.mark.parametrize("header", ["path,label", "Filename,Class", "image_path,category_name", "a,b"])
def test_separators_and_columns_are_found(write: Write, separator: str, header: str) -> None:
    assert labelled(open_target(str(write(lines(separator, header))))) == dict(ROWS)


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "utf-16", "utf-16-le", "utf-16-be", "cp1252"])
def test_encodings_are_found(write: Write, encoding: str) -> None:
    text = "path,label\nimg/0.png,Löwe\nimg/1.png,Bär\nimg/2.png,Löwe\n"
    assert open_target(str(write(text, encoding))).classes == ("Bär", "Löwe")


def test_other_scripts(write: Write) -> None:
    assert open_target(str(write("path,label\nimg/0.png,кошка\nimg/1.png,犬\n"))).classes == ("кошка", "犬")


@pytest.mark.parametrize("end", ["\n", "\r\n", "\r"])
def test_line_ends(write: Write, end: str) -> None:
    assert labelled(open_target(str(write(lines().replace("\n", end) + end)))) == dict(ROWS)


def test_without_a_header_the_first_row_is_not_lost(write: Write) -> None:
    target = open_target(str(write(lines().partition("\n")[2])))
    assert labelled(target) == dict(ROWS)


def test_the_right_columns_among_many(write: Write) -> None:
    rows = ["id,width,file_name,photographer,species,notes"]
    rows += [f"{at},6,{path},Ann {at},{label},a cat" for at, (path, label) in enumerate(ROWS)]
    assert labelled(open_target(str(write("\n".join(rows))))) == dict(ROWS)


def test_labels_by_content_are_those_that_repeat(write: Write) -> None:
    rows = ["a,b,c", *(f"{at * 7},{path},{label}" for at, (path, label) in enumerate(ROWS))]
    assert labelled(open_target(str(write("\n".join(rows))))) == dict(ROWS)


def test_quoted_cells_keep_their_separators(write: Write) -> None:
    target = open_target(str(write('path,label\nimg/0.png,"cat, small"\nimg/1.png,"dog"\n')))
    assert target.classes == ("cat, small", "dog")


def test_numbers_are_in_their_own_order_and_none_is_a_name(write: Write) -> None:
    assert open_target(str(write("path,label\nimg/0.png,10\nimg/1.png,9\nimg/2.png,10\n"))).classes == ("9", "10")
    assert open_target(str(write("path,label\nimg/0.png,None\nimg/1.png,NA\n"))).classes == ("NA", "None")


def test_parts(write: Write) -> None:
    parts = ("training", "Train", "valid", "TEST")
    rows = ["path,label,split", *(f"{path},{label},{part}" for (path, label), part in zip(ROWS, parts, strict=True))]
    assert open_target(str(write("\n".join(rows)))).parts == ("train", "train", "val", "test")


def test_a_class_without_training_pictures_is_refused(write: Write) -> None:
    text = "path,label,split\nimg/0.png,cat,train\nimg/1.png,cat,train\nimg/2.png,dog,test\n"
    assert "no training pictures of dog" in refusal(write(text))


def test_a_column_called_set_with_other_values_is_no_part(write: Write) -> None:
    target = open_target(str(write("path,set\nimg/0.png,cat\nimg/1.png,dog\nimg/2.png,cat\nimg/3.png,dog\n")))
    assert (target.classes, target.parts) == (("cat", "dog"), ("",) * 4)


def test_every_row_that_is_not_used_is_named(write: Write) -> None:
    text = lines() + "\nimg/9.png,cat\n\nimg/0.png,cat\nimg/3.png,\n,dog\nimg/1.png,cat\n../x.png,dog\n"
    path = write(text)
    told = {(p.path.split("/")[-1], p.problem, p.action) for p in open_target(str(path)).problems}
    assert told == {
        ("labels.csv: row 6", "the file img/9.png does not exist", "left out"),
        ("0.png", "row 8 repeats row 2", "row 2 is used"),
        ("labels.csv: row 9", "img/3.png has no label", "left out"),
        ("labels.csv: row 10", "no path", "left out"),
        ("1.png", "row 3: the same picture has 2 labels, here 'dog'", "left out"),
        ("1.png", "row 11: the same picture has 2 labels, here 'cat'", "left out"),
        ("labels.csv: row 12", "the file ../x.png does not exist", "left out"),
    }
    assert labelled(open_target(str(path))) == {"img/0.png": "cat", "img/2.png": "cat", "img/3.png": "dog"}


def test_one_picture_in_two_parts_is_told_as_that(write: Write) -> None:
    rows = ["img/0.png,cat,train", "img/1.png,dog,train", "img/0.png,cat,test", "img/2.png,cat,train"]
    (problem,) = open_target(str(write("\n".join(["path,label,split", *rows])))).problems
    assert problem.problem == "row 4 repeats row 2 in another part (test)"
    assert problem.action == "used in the part test only"


def test_two_spellings_of_one_path_are_one_picture(write: Write) -> None:
    target = open_target(str(write(lines() + "\nimg/../img/0.png,cat\n")))
    assert [problem.problem for problem in target.problems] == ["row 6 repeats row 2"]


def test_paths_are_relative_to_the_table_and_may_be_absolute_or_from_windows(
    write: Write, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir("/")
    text = f"path,label\nimg\\0.png,cat\n{tmp_path / 'img/1.png'},dog\n"
    assert len(open_target(str(write(text))).names) == 2


def test_a_row_with_too_many_cells_keeps_its_first(write: Write) -> None:
    assert labelled(open_target(str(write(lines() + ",extra\n")))) == dict(ROWS)


def test_no_label_column(write: Write) -> None:
    message = refusal(write("path,width\nimg/0.png,6\nimg/1.png,7\nimg/2.png,8\n"))
    assert (
        "no column of labels; name one 'label', or choose it with --label-column. Its columns are: path, width."
        in message
    )


def test_one_column_only(write: Write) -> None:
    assert "no column of labels" in refusal(write("path\nimg/0.png\nimg/1.png\n"))


def test_no_path_column(write: Write) -> None:
    assert "no column of picture paths; name one 'path'" in refusal(write("name,label\nann,cat\nbob,dog\n"))


def test_no_picture_is_there(write: Write) -> None:
    assert "None of the pictures" in refusal(write("path,label\na.png,cat\nb.png,dog\n"))


def test_one_class(write: Write) -> None:
    assert "one class only ('cat')" in refusal(write("path,label\nimg/0.png,cat\nimg/1.png,cat\n"))


@pytest.mark.parametrize("text", ["", "\n\n", "  \n"])
def test_an_empty_table(write: Write, text: str) -> None:
    assert "is empty" in refusal(write(text))


def test_a_table_that_is_no_text(write: Write, tmp_path: Path) -> None:
    path = tmp_path / "labels.csv"
    path.write_bytes(bytes(range(256)) * 40)
    refusal(path)
    assert "does not exist" in refusal(tmp_path / "gone.csv")


def test_labels_that_differ_in_case_only_stay_apart_and_are_reported(write: Write) -> None:
    target = open_target(str(write("path,label\nimg/0.png,cat\nimg/1.png,Cat\n")))
    assert target.classes == ("Cat", "cat")
    assert len(target.problems) == 1

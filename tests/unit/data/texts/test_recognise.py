"""What a table is made of: pictures where its cells name some, texts where they are prose."""

from __future__ import annotations

from pathlib import Path

import pytest
from PIL import Image

from tlviz.data.sources.reading import GUESSED, ReadAs
from tlviz.data.texts.recognise import recognised
from tlviz.medium import Medium

PROSE = "a warm and funny film"
TABLES = [
    ("text,label\ngood,yes\nbad,no\n", Medium.TEXTS),
    (f"words,judgement\n{PROSE},yes\n{PROSE},no\n", Medium.TEXTS),
    (f"image,label,description\na.jpg,cat,{PROSE}\nb.jpg,dog,{PROSE}\n", Medium.PICTURES),
    (f"image_id,label,description\none,cat,{PROSE}\ntwo,dog,{PROSE}\n", Medium.PICTURES),  # they lie beside it
    (f"image_id,label,description\nthree,cat,{PROSE}\nfour,dog,{PROSE}\n", Medium.TEXTS),
    ("one of my.jpg cat\ntwo of my.jpg dog\n", Medium.PICTURES),
    ("one two three\nfour five six\n", Medium.PICTURES),
    ("a,b\n1,2\n3,4\n", Medium.PICTURES),
]


@pytest.mark.parametrize(("content", "medium"), TABLES)
def test_cells_decide(content: str, medium: Medium, tmp_path: Path) -> None:
    for name in ("one", "two"):
        Image.new("RGB", (8, 8)).save(tmp_path / f"{name}.png")
    (tmp_path / "table.csv").write_text(content)
    assert recognised(tmp_path / "table.csv", GUESSED) is medium


def test_a_chosen_column_decides_alone(tmp_path: Path) -> None:
    (tmp_path / "table.csv").write_text(f"id,note,label\n7,{PROSE},x\n8,{PROSE},y\n")
    for column, medium in (("id", Medium.PICTURES), ("note", Medium.TEXTS), (None, Medium.TEXTS)):
        assert recognised(tmp_path / "table.csv", ReadAs(path_column=column)) is medium

"""What the check of an export asks of texts."""

from __future__ import annotations

from pathlib import Path

import numpy as np

from tests.unit.export.texts.encoder_content import content_of, trained
from tlviz.data.texts.source import text_source
from tlviz.data.texts.target import read_text
from tlviz.export.texts.side import ODD, item_file, odd_items, own_answers, read_form


def test_texts_and_odd_versions_of_them_become_files(tmp_path: Path) -> None:
    path, is_written = item_file(text_source("row 1", "Ça va\n😀"), tmp_path / "items" / "0")
    assert not is_written
    assert read_text(path)[0] == "Ça va\n😀"
    odd = odd_items([path], tmp_path / "odd")
    assert len(odd) == len(ODD)
    assert all(read_text(file)[0] for file in odd.values())


def test_what_has_no_text_is_left_out_of_the_own_answers(tmp_path: Path) -> None:
    content = content_of(trained(tmp_path / "encoder", "bert", mean=False), tmp_path)
    files = [tmp_path / f"{at}.txt" for at in range(3)]
    for file, text in zip(files, ("good film", "  ", "very bad"), strict=True):
        file.write_text(text)
    own = own_answers(content.network, content.header, files, 5, lambda *_: None)
    assert own.rows.tolist() == [0, 2]
    assert own.logits.shape == (2, 2)
    assert len(np.unique(own.digests)) == len(np.unique(own.prints)) == 2
    assert read_form(content.header).size == 64

"""The scripts of an exported encoder turn texts into numbers as training did, and need no tlviz."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pytest

from tests.unit.export.files.bundles import as_module
from tests.unit.export.texts.encoder_content import CLASSES, TEXTS, content_of, trained
from tlviz.export.files.table import Format
from tlviz.export.files.write import write_files
from tlviz.export.texts.companions import preprocessing
from tlviz.export.texts.side import own_answers


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    place = tmp_path_factory.mktemp("exported")
    content = content_of(trained(place / "encoder", "bert", mean=True), place)
    write_files(content, place / "out", [Format.SAFETENSORS])
    files = [place / f"{at}.txt" for at in range(len(TEXTS))]
    for file, text in zip(files, TEXTS, strict=True):
        file.write_text(text, encoding="utf-8")
    own = own_answers(content.network, content.header, files, 0, lambda *_: None)
    np.save(place / "own.npy", own.logits)
    assert preprocessing(content)["size"] == 64
    return place


def test_a_script_answers_as_tlviz(folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    module = as_module(folder / "out" / "predict.py")
    rows = np.stack([module.read_text(folder / f"{at}.txt") for at in range(len(TEXTS))])
    assert rows.shape == (4, 64)
    assert np.allclose(module.logits(module.load(), rows), np.load(folder / "own.npy"), atol=2e-5)
    assert module.main(["the film is good", str(folder / "none.txt"), "--json"]) == 1
    answers = json.loads(capsys.readouterr().out)
    assert {guess["class"] for guess in answers[0]["classes"]} == set(CLASSES)
    assert "none.txt" in answers[1]["error"]


def test_requirements_name_what_is_imported(folder: Path) -> None:
    text = (folder / "out" / "requirements.txt").read_text()
    assert "transformers==" in text
    assert "tokenizers==" in text
    assert "onnxruntime" not in text

"""The training script of a bundle, with what it reads; where it cannot be, the card says nothing of it."""

from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path

import pytest
from huggingface_hub import ModelCard

from tlviz.export.files.card import write_card
from tlviz.export.files.content import CannotExportError, load_content
from tlviz.export.files.table import Format
from tlviz.export.files.write import write_files, write_format
from tlviz.runs.store.folder import RunFolder


def test_a_run_of_a_bundled_network_can_be_repeated_from_the_folder_alone(run: RunFolder, tmp_path: Path) -> None:
    content = load_content(run.weights, run.name)
    written = write_files(content, tmp_path / "out", [Format.TRAIN])
    assert written.files == {Format.TRAIN: tmp_path / "out" / "train.py"}
    compile((tmp_path / "out" / "train.py").read_text(encoding="utf-8"), "train.py", "exec")
    pictures = json.loads((tmp_path / "out" / "split.json").read_text(encoding="utf-8"))["pictures"]
    assert len(pictures) == 48
    assert (tmp_path / "out" / "start.safetensors").stat().st_size > 4e6
    write_card(run, content, tmp_path / "out")
    assert "`train.py` repeats the training" in (tmp_path / "out" / "README.md").read_text(encoding="utf-8")


def test_pictures_that_have_gone_refuse_the_script_alone(run: RunFolder, tmp_path: Path) -> None:
    content = load_content(run.weights, run.name)
    (tmp_path / "data").rename(tmp_path / "moved")
    (tmp_path / "out").mkdir()
    with pytest.raises(CannotExportError, match="No training script"):
        write_format(content, tmp_path / "out", Format.TRAIN)
    assert not list((tmp_path / "out").iterdir())
    write_card(run, content, tmp_path / "out")
    assert "were not there any more" in (tmp_path / "out" / "README.md").read_text(encoding="utf-8")


@pytest.mark.parametrize(
    ("change", "words"), [({"bands": "3,2,1"}, "several bands"), ({"model": "mine-that-was-deleted"}, "mine-that-was")]
)
def test_a_run_that_no_script_repeats_keeps_its_card(
    run: RunFolder, tmp_path: Path, change: dict[str, str], words: str
) -> None:
    content = load_content(run.weights, run.name)
    settings = content.header.training["settings"] | change
    content = replace(content, header=replace(content.header, training={"settings": settings}))
    (tmp_path / "out").mkdir()
    with pytest.raises(CannotExportError, match=words):
        write_format(content, tmp_path / "out", Format.TRAIN)
    write_card(run, content, tmp_path / "out")
    card = ModelCard.load(tmp_path / "out" / "README.md")
    assert "train.py" not in card.text
    assert "model" not in change or card.data.license == "unknown"

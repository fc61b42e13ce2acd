"""What stands beside the weights: written where it can be, refused alone where it cannot."""

from __future__ import annotations

import shutil
from dataclasses import replace
from pathlib import Path

from huggingface_hub import ModelCard

from tlviz.export.beside import write_beside
from tlviz.export.bundle import load_bundle, read_header
from tlviz.runs.store.folder import RunFolder


def test_script_split_start_and_card_are_written(run: RunFolder, tmp_path: Path) -> None:
    header, network = read_header(run.weights), load_bundle(run.weights)
    done = write_beside(run, header, network, tmp_path / "bundle")
    assert set(done.files) == {"train.py", "split.json", "start.safetensors", "README.md"}
    assert all((tmp_path / "bundle" / name).is_file() for name in done.files)
    assert list(done.refused) == ["config.json"]
    assert "python train.py PATH_TO_IMAGES" in ModelCard.load(tmp_path / "bundle" / "README.md").text


def test_a_target_that_has_gone_costs_the_script_alone(run: RunFolder, tmp_path: Path) -> None:
    header, network = read_header(run.weights), load_bundle(run.weights)
    shutil.rmtree(header.training["settings"]["data"])
    done = write_beside(run, header, network, tmp_path / "bundle")
    assert done.files == ["README.md"]
    assert str(tmp_path / "data") in done.refused["train.py"]
    text = (tmp_path / "bundle" / "README.md").read_text(encoding="utf-8")
    assert "were not there any more" in text


def test_what_the_script_cannot_repeat_costs_the_script_alone(run: RunFolder, tmp_path: Path) -> None:
    header, network = read_header(run.weights), load_bundle(run.weights)
    settings = header.training["settings"] | {"bands": "3,2,1"}
    done = write_beside(run, replace(header, training={"settings": settings}), network, tmp_path / "bundle")
    assert "README.md" in done.files
    assert "several bands" in done.refused["train.py"]


def test_a_source_that_has_gone_costs_the_script_alone(run: RunFolder, tmp_path: Path) -> None:
    header, network = read_header(run.weights), load_bundle(run.weights)
    settings = header.training["settings"] | {"model": "mine-that-was-deleted"}
    done = write_beside(run, replace(header, training={"settings": settings}), network, tmp_path / "bundle")
    assert done.files == ["README.md"]
    assert "mine-that-was-deleted" in done.refused["train.py"]
    card = ModelCard.load(tmp_path / "bundle" / "README.md")
    assert card.data.license == "unknown"
    assert "squeezenet1\\_1" in card.text

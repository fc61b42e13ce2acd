"""What stands beside the weights of a bundle: page, training script, what other libraries open."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from tests.unit.export.files.bundles import CLASSES, content_of, trained
from tlviz.export.files.card import write_card
from tlviz.export.files.content import CannotExportError, Content, load_content
from tlviz.export.files.table import Format
from tlviz.export.files.write import size_of, write_files, write_format
from tlviz.models.catalogue import find_model
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


@pytest.fixture(scope="module")
def timm_content(tmp_path_factory: pytest.TempPathFactory) -> Content:
    return content_of(trained(find_model("test_resnet.r160_in1k"), 64), tmp_path_factory.mktemp("weights"), 64)


def test_the_folder_of_a_timm_network_holds_its_weights_under_timms_name(timm_content: Content, tmp_path: Path) -> None:
    (tmp_path / "out").mkdir()
    assert write_format(timm_content, tmp_path / "out", Format.TIMM) == tmp_path / "out" / "config.json"
    config = json.loads((tmp_path / "out" / "config.json").read_text(encoding="utf-8"))
    assert config["num_classes"] == len(CLASSES)
    assert (tmp_path / "out" / "model.safetensors").exists()


def test_what_a_run_cannot_have_is_refused_with_the_reason(
    timm_content: Content, run: RunFolder, tmp_path: Path
) -> None:
    (tmp_path / "out").mkdir()
    with pytest.raises(CannotExportError, match="trained no LoRA adapter"):
        write_format(timm_content, tmp_path / "out", Format.ADAPTER)
    with pytest.raises(CannotExportError, match="is built by torchvision"):
        write_format(load_content(run.weights, run.name), tmp_path / "out", Format.TIMM)


def test_the_page_holds_the_network_and_its_classes(timm_content: Content, tmp_path: Path) -> None:
    (tmp_path / "out").mkdir()
    page = write_format(timm_content, tmp_path / "out", Format.DEMO)
    text = page.read_text(encoding="utf-8")
    assert "connect-src &#39;none&#39;" in text or "connect-src 'none'" in text
    assert all(json.dumps(name)[1:-1].replace("<", "\\u003c") in text for name in CLASSES)
    assert size_of(page) == page.stat().st_size > 3e6

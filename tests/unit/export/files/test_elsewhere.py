"""What other libraries open of a bundle, and the reason where they cannot."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from tests.unit.export.files.bundles import CLASSES, content_of, trained
from tlviz.export.files.content import CannotExportError, Content, load_content
from tlviz.export.files.table import Format
from tlviz.export.files.write import write_format
from tlviz.models.catalogue import find_model
from tlviz.runs.store.folder import RunFolder


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

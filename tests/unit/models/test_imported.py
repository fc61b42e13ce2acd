"""The person's own checkpoints as networks that can be picked."""

from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
import torch
from safetensors.torch import save_file
from torch import Tensor

from tests.unit.models.served import CLASSES
from tlviz.errors import BadSettingError, BadWeightsError, UnknownNameError
from tlviz.export.bundle import bundle_bytes
from tlviz.finetune.config import configure
from tlviz.models.catalogue import find_model
from tlviz.models.checkpoint import import_checkpoint
from tlviz.models.imported import checkpoints_folder, damaged_models, delete_own, own_models
from tlviz.models.load import Network, load_network


def saved(path: Path, content: Any) -> Path:
    torch.save(content, path)
    return path


@pytest.mark.parametrize(
    "name", ["../mine", "a/b", "..", ".mine", "", "a..b", "resnet18", "x" * 65, "mine\n", "CON", "nul.v2", "mine."]
)
def test_names_cannot_leave_the_folder(tensors: dict[str, Tensor], tmp_path: Path, name: str) -> None:
    path = saved(tmp_path / "mine.pt", tensors)
    with pytest.raises(BadSettingError, match=r"cannot be used|of the catalogue"):
        import_checkpoint(path, "resnet18", CLASSES, name)
    assert not checkpoints_folder().exists() or not list(checkpoints_folder().iterdir())


def test_a_name_is_given_once_and_free_again_after_deletion(tensors: dict[str, Tensor], tmp_path: Path) -> None:
    path = saved(tmp_path / "mine.pt", tensors)
    import_checkpoint(path, "resnet18", CLASSES, "mine")
    with pytest.raises(BadSettingError, match="There is a checkpoint 'mine' already"):
        import_checkpoint(path, "resnet18", CLASSES, "mine")
    delete_own("mine")
    with pytest.raises(UnknownNameError):
        find_model("mine")
    import_checkpoint(path, "resnet18", CLASSES, "mine")


def test_an_exported_file_is_a_source_by_its_path_and_imports_by_itself(network: Network, tmp_path: Path) -> None:
    path = tmp_path / "run.safetensors"
    config = configure("resnet18", "clipart", "full", image_size=96)
    path.write_bytes(bundle_bytes(network, config, {"epoch": 1}))
    spec = find_model(str(path))
    assert (spec.classes, spec.preprocessing.size, spec.architecture) == (CLASSES, 96, "resnet18")
    loaded = load_network(spec).module.state_dict()
    assert all(torch.equal(loaded[name], value) for name, value in network.module.state_dict().items())
    kept = import_checkpoint(path, "", (), "kept")
    assert (kept.classes, kept.preprocessing) == (CLASSES, spec.preprocessing)


def test_an_export_of_an_export_names_the_architecture(network: Network, tmp_path: Path) -> None:
    first = tmp_path / "first.safetensors"
    config = configure("resnet18", "clipart", "full", image_size=96)
    first.write_bytes(bundle_bytes(network, config, {}))
    again = replace(network, spec=find_model(str(first)))
    second = tmp_path / "second.safetensors"
    second.write_bytes(bundle_bytes(again, replace(config, model=str(first)), {}))
    first.unlink()
    assert find_model(str(second)).architecture == "resnet18"


def test_other_files_by_path_say_how_to_import_them(tensors: dict[str, Tensor], tmp_path: Path) -> None:
    save_file(tensors, tmp_path / "mine.safetensors")
    with pytest.raises(BadWeightsError, match="tlviz models import FILE"):
        find_model(str(tmp_path / "mine.safetensors"))
    with pytest.raises(BadWeightsError, match="cannot be read"):
        find_model(str(tmp_path / "nowhere.safetensors"))


@pytest.mark.parametrize(
    "change",
    [
        {"preprocessing": {"size": 1e999}},
        {"preprocessing": 3},
        {"classes": "ab"},
        {"classes": []},
        {"provider": "nobody", "like": "nothing"},
        {"like": ["x"], "architecture": {}},
        {"parameters": 1e999},
        {"notes": {"a": 1}},
        None,
        "[" * 100_000,
        "9" * 6000,
    ],
)
def test_a_damaged_card_hides_no_other_network(tensors: dict[str, Tensor], tmp_path: Path, change: Any) -> None:
    import_checkpoint(saved(tmp_path / "mine.pt", tensors), "resnet18", CLASSES, "sound")
    import_checkpoint(saved(tmp_path / "mine.pt", tensors), "resnet18", CLASSES, "bad")
    card = checkpoints_folder() / "bad" / "card.json"
    said = json.loads(card.read_text())
    card.write_text(json.dumps(said | change) if isinstance(change, dict) else change or "")
    assert [spec.name for spec in own_models()] == ["sound"]
    assert list(damaged_models()) == ["bad"]
    with pytest.raises(BadWeightsError, match="The checkpoint bad is damaged"):
        find_model("bad")
    delete_own("bad")
    assert damaged_models() == {}


def test_a_card_of_an_older_version_still_opens(tensors: dict[str, Tensor], tmp_path: Path) -> None:
    spec = import_checkpoint(saved(tmp_path / "mine.pt", tensors), "resnet18", CLASSES, "mine")
    card = checkpoints_folder() / "mine" / "card.json"
    said = json.loads(card.read_text())
    card.write_text(
        json.dumps({name: value for name, value in said.items() if name not in ("notes", "transform_input")})
    )
    assert find_model("mine") == replace(spec, notes=())

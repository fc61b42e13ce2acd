"""An exported bundle is a source again: as a folder, as a ZIP, or the weights in it."""

from __future__ import annotations

import zipfile
from pathlib import Path

import pytest
import torch

from tests.unit.export.test_bundle import trained
from tlviz.errors import BadWeightsError
from tlviz.export.bundle import bundle_bytes
from tlviz.finetune.config import configure
from tlviz.models.catalogue import find_model
from tlviz.models.checkpoint import import_checkpoint
from tlviz.models.exported_bundle import own_name, weights_file, weights_in
from tlviz.models.load import load_network


@pytest.fixture
def bundle(tmp_path: Path) -> Path:
    folder = tmp_path / "my bundle"
    folder.mkdir()
    content = bundle_bytes(trained("squeezenet1_1"), configure("squeezenet1_1", "clipart", "full", image_size=96), {})
    (folder / "model.safetensors").write_bytes(content)
    (folder / "labels.json").write_text('["ant", "bée"]')
    return folder


def zipped(folder: Path) -> Path:
    path = folder.with_suffix(".zip")
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as archive:
        for file in folder.iterdir():
            archive.write(file, f"{folder.name}/{file.name}")
    return path


def test_a_bundle_is_imported_in_every_form(bundle: Path) -> None:
    picture = torch.rand(1, 3, 96, 96, generator=torch.Generator().manual_seed(0))
    answers = []
    for at, path in enumerate((bundle, zipped(bundle), bundle / "model.safetensors")):
        spec = import_checkpoint(path, "", (), f"mine{at}")
        assert spec.classes == ("ant", "bée")
        assert (spec.preprocessing.size, spec.preprocessing.mean) == (96, (0.485, 0.456, 0.406))
        with torch.no_grad():
            answers.append(load_network(find_model(f"mine{at}")).module(picture))
    assert torch.equal(answers[0], answers[1])
    assert torch.equal(answers[0], answers[2])


def test_a_folder_is_a_source_by_its_path(bundle: Path) -> None:
    assert find_model(str(bundle)).classes == ("ant", "bée")
    assert find_model(str(bundle)).weights == bundle / "model.safetensors"


def test_a_bundle_is_called_as_its_folder(bundle: Path) -> None:
    assert own_name(bundle) == own_name(bundle / "model.safetensors") == own_name(zipped(bundle)) == "my bundle"
    assert own_name(Path("weights/net.pth")) == "net"


def test_what_holds_no_weights_is_one_sentence(bundle: Path) -> None:
    (bundle / "model.safetensors").unlink()
    with pytest.raises(BadWeightsError, match=r"holds no model\.safetensors"):
        weights_in(bundle)
    for path in (bundle, zipped(bundle)):
        with pytest.raises(BadWeightsError, match=r"holds no model\.safetensors"), weights_file(path):
            pass


def test_a_damaged_zip_is_one_sentence(bundle: Path) -> None:
    path = zipped(bundle)
    content = bytearray(path.read_bytes())
    content[2000:3000] = b"\0" * 1000
    path.write_bytes(content)
    with pytest.raises(BadWeightsError, match="is damaged"), weights_file(path):
        pass


def test_a_file_of_torch_is_no_bundle(tmp_path: Path) -> None:
    torch.save({"x": torch.zeros(2)}, tmp_path / "x.zip")
    with weights_file(tmp_path / "x.zip") as found:
        assert found == tmp_path / "x.zip"

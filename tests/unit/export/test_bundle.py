"""What is exported gives the same answers wherever it is loaded."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pytest
import torch
from PIL import Image
from safetensors import safe_open
from safetensors.torch import load_file, save_file

from tlviz import vision
from tlviz.errors import BadSettingError, BadWeightsError
from tlviz.export.bundle import bundle_bytes, load_bundle
from tlviz.export.formats import Format, export_run, parse_formats
from tlviz.finetune.config import configure
from tlviz.models.catalogue import BUNDLED, MODELS
from tlviz.models.load import Network, build_for_target
from tlviz.runs.store.folder import RunFolder, create_run


def trained(name: str) -> Network:
    """Return a network whose tensors are no longer those of the catalogue."""
    network = build_for_target(MODELS[name], ("ant", "bée"), pretrained=True, seed=3)
    with torch.no_grad():
        for parameter in network.module.parameters():
            parameter.add_(0.01 * torch.randn_like(parameter))
    return network


@pytest.mark.parametrize("name", BUNDLED)
def test_a_reloaded_export_gives_bit_identical_logits(name: str, tmp_path: Path) -> None:
    network = trained(name)
    path = tmp_path / "bundle.safetensors"
    path.write_bytes(bundle_bytes(network, configure(name, "clipart", "full", image_size=96), {"epoch": 3}))
    batch = torch.randn(4, 3, 96, 96).contiguous(memory_format=torch.channels_last)
    plain = (
        vision.torchvision().models.get_model(name, num_classes=2)
        if MODELS[name].provider == "torchvision"
        else vision.timm().create_model(name, num_classes=2)
    )
    plain.load_state_dict(load_file(path))
    reloaded = load_bundle(path)
    with torch.no_grad():
        expected = network.module(batch)
        assert torch.equal(reloaded.module(batch), expected)
        assert torch.equal(plain.eval().to(memory_format=torch.channels_last)(batch), expected)
    assert reloaded.classes == ("ant", "bée")


def test_the_header_holds_all_that_is_needed(tmp_path: Path) -> None:
    path = tmp_path / "bundle.safetensors"
    settings = configure("squeezenet1_1", "clipart", "full", image_size=96)
    path.write_bytes(bundle_bytes(trained("squeezenet1_1"), settings, {"epoch": 3}))
    with safe_open(path, "pt") as file:
        header = file.metadata()
    assert json.loads(header["preprocessing"]) == {
        "size": 96,
        "fit": "pad",
        "interpolation": "bilinear",
        "crop_fraction": 0.875,
        "mean": [0.485, 0.456, 0.406],
        "std": [0.229, 0.224, 0.225],
        "fill": "white",
    }
    assert json.loads(header["training"])["settings"]["strategy"] == "full"


def test_files_without_a_header_or_of_another_shape_are_refused(tmp_path: Path) -> None:
    save_file({"x": torch.zeros(1)}, tmp_path / "plain.safetensors")
    with pytest.raises(BadWeightsError, match="contain no class names"):
        load_bundle(tmp_path / "plain.safetensors")
    (tmp_path / "cut.safetensors").write_bytes(b"\x10\x00")
    with pytest.raises(BadWeightsError, match="cannot be read"):
        load_bundle(tmp_path / "cut.safetensors")
    with pytest.raises(BadWeightsError, match="cannot be read"):
        load_bundle(tmp_path / "missing.safetensors")


def test_a_run_without_weights_has_nothing_to_export(tmp_path: Path) -> None:
    with pytest.raises(BadWeightsError, match="nothing to export"):
        export_run(create_run("finetune", "x", {}), tmp_path, [Format.PT])


def test_formats_are_read_or_refused() -> None:
    assert parse_formats("safetensors, pt") == [Format.SAFETENSORS, Format.PT]
    for bad in ("onnxx", "", "pt,tar"):
        with pytest.raises(BadSettingError, match="must be one or more of pt, safetensors"):
            parse_formats(bad)


@pytest.mark.parametrize(("name", "fit"), [("squeezenet1_1", "pad"), ("tf_efficientnet_lite0", "crop")])
def test_the_shown_snippet_runs_as_it_stands(name: str, fit: str, tmp_path: Path) -> None:
    """The program that the export page shows prints the class and probability that tlviz itself computes."""
    import subprocess
    import sys

    from tlviz.data.pixels.pictures import Fit, fit_picture, open_picture
    from tlviz.explore.maps.feature_maps import extract_feature_maps
    from tlviz.export.snippet import loading_snippet
    from tlviz.home import ASSETS

    network = trained(name)
    settings = configure(name, "photos", "full", image_size=96, fit=Fit(fit))
    (tmp_path / "my.safetensors").write_bytes(bundle_bytes(network, settings, {}))
    picture = ASSETS / "datasets" / "photos" / "mammal" / "zebra.jpg"
    (tmp_path / "picture.jpg").write_bytes(picture.read_bytes())
    prep = network.spec.preprocessing
    pixels = fit_picture(open_picture(picture)[0], 96, Fit(fit), prep.interpolation, prep.crop_fraction)
    expected = extract_feature_maps(network, np.asarray(pixels)).guesses[0]
    # Beside a CPU-only torch plain torchvision needs the same names that tlviz declares.
    program = "from tlviz import vision; vision.timm()\n" + loading_snippet(network.spec, "my.safetensors")
    done = subprocess.run(
        [sys.executable, "-c", program], cwd=tmp_path, capture_output=True, text=True, check=False,
        env={"PYTHONPATH": str(ASSETS.parent), "PATH": ""},
    )  # fmt: skip
    assert done.returncode == 0, done.stderr
    said, probability = done.stdout.split()
    assert said == expected.name
    assert float(probability) == pytest.approx(expected.probability, abs=1e-4)


def make_run(folder: Path, network: Network) -> RunFolder:
    for name in network.classes:
        (folder / name).mkdir(parents=True)
        for at in range(3):
            pixels = np.random.default_rng(at).integers(0, 255, (64, 64, 3), dtype=np.uint8)
            Image.fromarray(pixels).save(folder / name / f"{at}.png")
    settings = configure("squeezenet1_1", str(folder), "full", image_size=64)
    run = create_run("finetune", "x", settings.to_json())
    run.weights.write_bytes(bundle_bytes(network, settings, {"epoch": 1, "val_accuracy": 0.5}))
    return run


def test_every_format_is_checked_and_no_scratch_file_stays(tmp_path: Path) -> None:
    run = make_run(tmp_path / "data", trained("squeezenet1_1"))
    exported = export_run(run, tmp_path / "out", list(Format))
    assert [check and check.top1_agreement for check in exported.checks.values()] == [1, 1]
    assert sorted(path.suffix for path in (tmp_path / "out").iterdir()) == [".pt", ".safetensors"]


def test_weights_are_exported_without_a_check_where_the_pictures_are_gone(tmp_path: Path) -> None:
    run = make_run(tmp_path / "data", trained("squeezenet1_1"))
    (tmp_path / "data").rename(tmp_path / "elsewhere")
    exported = export_run(run, tmp_path / "out", [Format.SAFETENSORS])
    assert exported.checks == {Format.SAFETENSORS: None}
    assert load_bundle(Path(exported.files[Format.SAFETENSORS])).classes == ("ant", "bée")


def test_a_file_that_does_not_agree_is_not_kept(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    run = make_run(tmp_path / "data", trained("squeezenet1_1"))
    monkeypatch.setattr("tlviz.export.formats._reload", lambda *_: trained("squeezenet1_1"))
    with pytest.raises(BadWeightsError, match="gives other answers than the run"):
        export_run(run, tmp_path / "out", [Format.PT])
    assert list((tmp_path / "out").iterdir()) == []

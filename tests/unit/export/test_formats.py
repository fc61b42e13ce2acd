"""Every written format is reloaded and compared before it counts."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from tests.unit.export.test_bundle import trained
from tlviz.errors import BadSettingError, BadWeightsError
from tlviz.export.bundle import bundle_bytes, load_bundle
from tlviz.export.formats import Format, export_run, parse_formats
from tlviz.finetune.config import configure
from tlviz.models.load import Network
from tlviz.runs.store.folder import RunFolder, create_run


def test_a_run_without_weights_has_nothing_to_export(tmp_path: Path) -> None:
    with pytest.raises(BadWeightsError, match="nothing to export"):
        export_run(create_run("finetune", "x", {}), tmp_path, [Format.PT])


def test_formats_are_read_or_refused() -> None:
    assert parse_formats("safetensors, pt") == [Format.SAFETENSORS, Format.PT]
    for bad in ("onnxx", "", "pt,tar"):
        with pytest.raises(BadSettingError, match="must be one or more of pt, safetensors"):
            parse_formats(bad)


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

"""A bundle is written, checked and handed over, or nothing of it is there."""

from __future__ import annotations

import json
import shutil
import zipfile
from pathlib import Path
from typing import Any

import pytest

from tlviz.errors import BadWeightsError, StorageError
from tlviz.export.checking.check_bundle import EXACT, FLOAT32
from tlviz.export.checking.verdict import CheckStatus
from tlviz.export.files.content import CannotExportError
from tlviz.export.files.table import FORMATS, Format
from tlviz.export.make_bundle import Wanted, make_bundle, ways
from tlviz.runs.store.folder import RunFolder

PLAIN = (Format.SAFETENSORS, Format.PT)


class StopError(Exception):
    """What a progress raises."""


def quiet(*_: Any) -> None:
    """Take progress and say nothing."""


def test_a_bundle_is_checked_in_an_environment_without_tlviz(run: RunFolder, tmp_path: Path) -> None:
    told: list[str] = []
    wanted = Wanted(PLAIN, tmp_path / "out", zipped=True)
    made = make_bundle(run, wanted, lambda doing, *_: told.append(doing))
    assert {name: (check.status, check.reason) for name, check in made.checks.items()} == {
        "safetensors": ("passed", None), "pt": ("passed", None),
    }  # fmt: skip
    for check in made.checks.values():
        assert (check.top1_agreement, check.images, check.odd_renderings > 20) == (1.0, 10, True)
        assert check.max_logit_difference is not None
        assert check.max_logit_difference <= EXACT
    assert json.loads((tmp_path / "out" / "checks.json").read_text()) == made.to_json()["checks"]
    assert made.files == {"safetensors": tmp_path / "out/model.safetensors", "pt": tmp_path / "out/model.pt"}
    assert made.checks["pt"].size_bytes == (tmp_path / "out" / "model.pt").stat().st_size
    with zipfile.ZipFile(tmp_path / "out.zip") as archive:
        assert {Path(name).name for name in archive.namelist()} == {p.name for p in (tmp_path / "out").iterdir()}
    assert {"writing model.pt", "own answers", "predict, reading", "predict, model.pt", "packing"} <= set(told)
    assert sorted(path.name for path in tmp_path.iterdir()) == ["data", "out", "out.zip", "tlviz-home"]


@pytest.mark.parametrize("moment", ["writing model.pt", "own answers", "packing"])
def test_a_stop_leaves_nothing(run: RunFolder, tmp_path: Path, moment: str) -> None:
    def stop(doing: str, *_: int) -> None:
        if doing == moment:
            raise StopError

    wanted = Wanted(PLAIN, tmp_path / "out", zipped=True, checked=moment == "own answers")
    with pytest.raises(StopError):
        make_bundle(run, wanted, stop)
    assert not {path.name for path in tmp_path.iterdir()} - {"data", "tlviz-home"}


def test_a_full_disk_leaves_nothing_and_is_one_sentence(
    run: RunFolder, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def full(*_: Any) -> None:
        raise RuntimeError("[enforce fail at inline_container.cc:668] . unexpected pos 128 vs 0")

    monkeypatch.setattr("tlviz.export.files.tensors.write_pt", full)
    with pytest.raises(RuntimeError):
        make_bundle(run, Wanted(PLAIN, tmp_path / "out", checked=False), quiet)
    monkeypatch.setattr(shutil, "disk_usage", lambda _: shutil._ntuple_diskusage(10**9, 10**9, 0))
    with pytest.raises(StorageError, match=r"The disk of .*out is full"):
        make_bundle(run, Wanted(PLAIN, tmp_path / "out", checked=False), quiet)
    assert not {path.name for path in tmp_path.iterdir()} - {"data", "tlviz-home"}


def test_a_format_that_cannot_express_the_network_is_left_out_alone(
    run: RunFolder, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def refuse(*_: Any) -> None:
        raise CannotExportError("It cannot be.")

    monkeypatch.setattr("tlviz.export.files.tensors.write_pt", refuse)
    made = make_bundle(run, Wanted(PLAIN, tmp_path / "out", checked=False), quiet)
    assert made.refused == {"pt": "It cannot be."}
    assert made.is_ready
    assert list(made.files) == ["safetensors"]
    assert (made.checks["pt"].status, made.checks["pt"].reason) == (CheckStatus.NOT_RUN, "It cannot be.")
    assert made.checks["safetensors"].reason == "It was exported without the check."
    with pytest.raises(BadWeightsError, match=r"Nothing could be exported\. It cannot be\."):
        make_bundle(run, Wanted((Format.PT,), tmp_path / "other", checked=False), quiet)
    assert not (tmp_path / "other").exists()


def test_the_card_names_what_is_in_the_bundle(run: RunFolder, tmp_path: Path) -> None:
    make_bundle(run, Wanted((Format.SAFETENSORS, Format.TRAIN), tmp_path / "out", checked=False), quiet)
    card = (tmp_path / "out" / "README.md").read_text(encoding="utf-8")
    assert "python predict.py picture.jpg" in card
    assert "python train.py PATH_TO_IMAGES" in card
    assert "48" in card, "it counts the pictures of the target"


def test_exact_formats_have_narrower_limits_and_lower_precision_none() -> None:
    found = ways({form: Path(spec.file) for form, spec in FORMATS.items()})
    limits = {name: way.limit for name, way in found.items()}
    assert limits["safetensors"] == limits["pt"] == limits["pt2"] == EXACT == 1e-6
    assert limits["onnx"] == limits["onnx_uint8"] == FLOAT32 == 1e-4
    assert limits["onnx_int8"] is limits["safetensors_float16"] is None

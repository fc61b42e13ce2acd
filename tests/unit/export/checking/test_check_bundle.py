"""A bundle in which one thing is not the run's fails its check, and a whole one passes."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import onnx
import pytest
from PIL import Image

from tests.unit.export.checking.conftest import SmallBundle
from tlviz.export.checking import check_bundle as module
from tlviz.export.checking.renderings import RENDERINGS
from tlviz.export.checking.verdict import CheckStatus
from tlviz.export.run_images import load_run_images
from tlviz.runs.predictions import Answers, write_answers


def test_a_whole_bundle_passes_over_all_validation_pictures_and_renderings(small: SmallBundle) -> None:
    check = small.check()
    assert check.reason is None
    assert check.status is CheckStatus.PASSED
    assert (check.top1_agreement, check.images, check.validation_images) == (1.0, 10, 10)
    assert check.odd_renderings == len(RENDERINGS)
    assert check.max_logit_difference is not None
    assert check.max_logit_difference < 1e-5
    assert set(check.latency_ms) == {"1", "32"}
    assert check.notes == ()
    assert sorted(path.name for path in small.folder.iterdir()) == [
        "labels.json", "model.onnx", "predict_onnx.py", "preprocessing.json", "requirements.txt",
    ], "nothing is left in the bundle"  # fmt: skip


CHANGES = {
    "class order": ("labels.json", '"blue"', '"green"'),
    "padding": ("preprocessing.json", '"fill": "white"', '"fill": "black"'),
    "fit": ("preprocessing.json", '"fit": "pad"', '"fit": "crop"'),
    "interpolation": ("preprocessing.json", '"interpolation": "bilinear"', '"interpolation": "nearest"'),
    "normalisation": ("preprocessing.json", "0.485", "0.5"),
    "background": ("preprocessing.json", '"background": "white"', '"background": "black"'),
    "EXIF": ("predict_onnx.py", "    6: Image.Transpose.ROTATE_270,\n", ""),
    "16 bits": ("predict_onnx.py", "deep = read_deep_grey(image)", "pass"),
    "tlviz needed": ("predict_onnx.py", "import argparse", "import argparse\nimport tlviz"),
    "torch needed": ("predict_onnx.py", "import argparse", "import argparse\nimport torch"),
}


SLOW = {"fit", "16 bits", "torch needed"}
"""Their like are among the others; all are tried where slow tests are."""


@pytest.mark.parametrize(
    "change", [pytest.param(name, marks=[pytest.mark.slow] if name in SLOW else []) for name in CHANGES]
)
def test_one_thing_changed_is_seen(small: SmallBundle, change: str, tmp_path: Path) -> None:
    for file in (tmp_path / "data").rglob("*.png"):
        Image.open(file).resize((90, 57)).save(file)  # what has the network's size needs neither padding nor scaling
    small.change(*CHANGES[change])
    check = small.check()
    assert check.status is CheckStatus.FAILED
    assert check.reason
    words = {
        "class order": "calls output 0 'green'; in the run it is 'blue'",
        "normalisation": "Its logits differ from tlviz's",
        "EXIF": "EXIF 6, of",
        "background": "transparent",
        "16 bits": "16-bit grey",
        "tlviz needed": "No module named 'tlviz'",
        "torch needed": "No module named 'torch'",
    }
    assert words.get(change, "makes other inputs of") in check.reason


def test_class_names_in_another_order_are_seen(small: SmallBundle) -> None:
    (small.folder / "labels.json").write_text(json.dumps(["red", "blue"]))
    check = small.check()
    assert check.status is CheckStatus.FAILED
    assert check.reason == "predict_onnx.py calls output 0 'red'; in the run it is 'blue'."


def test_a_graph_with_other_weights_is_seen(small: SmallBundle) -> None:
    model = onnx.load(small.folder / "model.onnx")
    held = model.graph.initializer[0]
    held.raw_data = (np.frombuffer(held.raw_data, np.float32) + np.float32(1e-3)).tobytes()
    onnx.save(model, small.folder / "model.onnx")
    check = small.check()
    assert check.status is CheckStatus.FAILED
    assert check.reason
    assert "at most 0.0001 is allowed" in check.reason


def test_a_damaged_graph_is_a_sentence(small: SmallBundle) -> None:
    (small.folder / "model.onnx").write_bytes(b"\0" * 100)
    check = small.check()
    assert check.status is CheckStatus.FAILED
    assert check.reason
    assert check.reason.startswith("It cannot be used: ")


def test_what_is_left_of_the_pictures_is_checked_and_said(small: SmallBundle) -> None:
    gone = small.header.training["settings"]["data"]
    here = load_run_images(small.header)
    rows = here.split.validation
    write_validation(small, [here.images.names[at] for at in rows], here.images.labels[rows])
    for at in rows[:4]:
        (Path(gone) / here.images.names[at]).unlink()
    check = small.check()
    assert check.status is CheckStatus.PASSED
    assert (check.images, check.validation_images) == (6, 10)
    assert check.notes == ("6 of 10 validation pictures are still there; the others are gone.",)


def test_a_target_that_is_gone_is_said_and_nothing_is_claimed(small: SmallBundle, tmp_path: Path) -> None:
    (tmp_path / "data").rename(tmp_path / "elsewhere")
    check = small.check()
    assert check.status is CheckStatus.NOT_RUN
    assert check.top1_agreement is None
    assert check.reason
    assert check.reason.startswith("The run's pictures cannot be opened any more.")


def test_a_stop_ends_the_process(small: SmallBundle) -> None:
    class StopError(Exception):
        pass

    def stop(doing: str, _done: int, _total: int) -> None:
        if doing.startswith("predict_onnx"):
            raise StopError

    with pytest.raises(StopError):
        module.check_bundle(small.run, small.header, small.network, small.folder, {"onnx": WAY}, stop)


WAY = module.Asked("predict_onnx", "model.onnx")


def write_validation(small: SmallBundle, names: list[str], labels: np.ndarray) -> None:
    """Note which pictures validated the run, as a run does."""
    logits = np.zeros((len(names), 2), np.float32)
    write_answers(small.run, Answers(1, small.header.classes, tuple(names), labels, logits))
